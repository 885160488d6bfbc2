"""A jog conversation and the real firmware core on one cable, in virtual time."""

from __future__ import annotations

import struct

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.calibration.jog_talk import JogTalk

STEP_US = 10_000
_PULSES = struct.Struct("<12H")


class Cable:
    """Runs both ends in steps of 10 ms.

    Attributes:
        pulses_us: what each output gets now.
        given_us: every pulse of each output that was none of 0.
        host_runs, connected: set to False to stop the program, or to pull the cable.
        loses_every: that many bursts to the board, one is lost; 0 for none.
    """

    def __init__(self, talk: JogTalk, board: _board.Board) -> None:
        self.talk = talk
        self.board = board
        self.now_us = 0
        self.pulses_us: tuple[int, ...] = (0,) * 12
        self.given_us: list[list[int]] = [[] for _ in range(12)]
        self.host_runs = self.connected = True
        self.loses_every = 0
        self._bursts = 0
        self._board_start_us = 0
        self._period_us = 0

    def replace_board(self, board: _board.Board) -> None:
        """Put another board in, its clock starting now: the same as switching it off and on."""
        self.board, self._board_start_us, self._period_us = board, self.now_us, 0

    def run(self, duration_us: int) -> None:
        """Let time pass."""
        end_us = self.now_us + duration_us
        while self.now_us < end_us:
            self.step()

    def step(self) -> None:
        """Let 10 ms pass."""
        self.now_us += STEP_US
        board_us = self.now_us - self._board_start_us
        if self.host_runs:
            heard = self.board.transmit()
            self.talk.receive(heard if self.connected else b"", self.now_us)
            self.talk.poll(self.now_us)
            sent = self.talk.transmit()
            if self.connected and sent and not self._lost():
                self.board.receive(sent, board_us)
        self.board.poll(board_us)
        while self._period_us <= board_us:
            self.pulses_us = _PULSES.unpack(self.board.pulses(self._period_us))
            self._period_us += self.board.period_us
            for given, pulse_us in zip(self.given_us, self.pulses_us, strict=True):
                if pulse_us:
                    given.append(pulse_us)

    def _lost(self) -> bool:
        self._bursts += 1
        return self.loses_every > 0 and self._bursts % self.loses_every == 0
