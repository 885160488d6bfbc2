"""A session and a board on one cable, in virtual time: bytes take their time, and may be lost on the way."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Protocol

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.session import Session
from mandible.firmware_bridge.terminal_board import next_period_us

STEP_US = 1000
PERIOD_US = 20_000
_PULSES = struct.Struct("<12H")


class Board(Protocol):
    """What the firmware's core and the fake have in common."""

    def receive(self, data: bytes, now_us: int) -> None: ...

    def transmit(self) -> bytes: ...


class Bench:
    """Runs both ends in steps of a millisecond.

    Attributes:
        now_us: host time.
        pulses: (host time in µs, pulse widths of the 12 outputs) for each period, of boards that give pulses.
        board_start_us: host time at which the board's clock was 0.
        to_board, to_host: what the cable does to a burst of bytes; replace them to lose or damage some.
    """

    def __init__(self, session: Session, board: Board, *, delay_us: int = 1000, board_ppm: int = 0) -> None:
        """Connect them with ``delay_us`` each way; the board's clock runs ``board_ppm`` fast."""
        self.session = session
        self.board = board
        self.now_us = 0
        self.pulses: list[tuple[int, tuple[int, ...]]] = []
        self.to_board: Callable[[bytes], bytes] = bytes
        self.to_host: Callable[[bytes], bytes] = bytes
        self._delay_us = delay_us
        self._board_ppm = board_ppm
        self.board_start_us = 0
        self._period_us = 0
        self._flying: list[tuple[int, str, bytes]] = []

    def replace_board(self, board: Board) -> None:
        """Put another board in, its clock starting now: the same as switching it off and on."""
        self.board = board
        self.board_start_us = self.now_us
        self._period_us = 0

    def board_us(self) -> int:
        """The board's clock."""
        passed_us = self.now_us - self.board_start_us
        return passed_us + passed_us * self._board_ppm // 1_000_000

    def run(self, duration_us: int, frames: Callable[[int], tuple[int, ...] | None] = lambda _: None) -> None:
        """Let time pass; every 10 ms ``frames(host time)`` may give pulses to ask for."""
        end_us = self.now_us + duration_us
        while self.now_us < end_us:
            self._step()
            wanted_us = frames(self.now_us) if self.now_us % 10_000 == 0 else None
            if wanted_us is not None:
                self.session.move(wanted_us, self.now_us, self.now_us)
            self._send("board", self.to_board(self.session.transmit()))

    def run_until(self, *phases: Phase, limit_us: int = 10_000_000) -> None:
        """Let time pass until the session is in one of ``phases``."""
        end_us = self.now_us + limit_us
        while self.session.phase not in phases:
            assert self.now_us < end_us, f"still {self.session.phase} after {limit_us} µs"
            self.run(STEP_US)

    def _step(self) -> None:
        self.now_us += STEP_US
        arrived = [f for f in self._flying if f[0] <= self.now_us]
        self._flying = [f for f in self._flying if f[0] > self.now_us]
        for _, whither, data in arrived:
            if whither == "host":
                self.session.receive(data, self.now_us)
            else:
                self.board.receive(data, self.board_us())
        if isinstance(self.board, _board.Board):
            self.board.poll(self.board_us())
            while self._period_us <= self.board_us():
                self.pulses.append((self.now_us, _PULSES.unpack(self.board.pulses(self._period_us))))
                self._period_us = next_period_us(self._period_us, self.board.period_us)
        self._send("host", self.to_host(self.board.transmit()))
        self.session.poll(self.now_us)

    def _send(self, whither: str, data: bytes) -> None:
        if data:
            self._flying.append((self.now_us + self._delay_us, whither, data))
