"""The firmware core on this computer in virtual time: a clock, a period of 20 ms, and one host."""

from __future__ import annotations

import struct

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.protocol import Message, Value
from mandible.firmware_bridge.terminal_board import next_period_us
from tests.firmware.wire import CHANNELS, PERIOD_US, Wire, status_of

Pulses = tuple[int, ...]


class HostedBoard:
    """A board that moves on only when told to.

    Attributes:
        now_us: its clock.
        history: (time in µs, pulses by channel) of every period, 0 where there was no pulse.
    """

    def __init__(self, eeprom: bytes = b"", **board: int) -> None:
        """Switch it on with ``eeprom`` in its memory; its clock starts at 0, its first period at 20 ms."""
        self.core = _board.Board(eeprom, **board)
        self.now_us = 0
        self.history: list[tuple[int, Pulses]] = []
        self._wire = Wire()
        self._period_us = PERIOD_US

    def run(self, us: int) -> list[Pulses]:
        """Let time pass; return the pulses of the periods that started in it."""
        first = len(self.history)
        until_us = self.now_us + us
        while self._period_us <= until_us:
            self.core.poll(self._period_us)
            pulses: Pulses = struct.unpack(f"<{CHANNELS}H", self.core.pulses(self._period_us))
            self.history.append((self._period_us, pulses))
            self._period_us = next_period_us(self._period_us, self.core.period_us)
        self.now_us = until_us
        self.core.poll(until_us)
        return [pulses for _, pulses in self.history[first:]]

    def run_periods(self, count: int) -> list[Pulses]:
        """Let whole periods pass."""
        return self.run(count * PERIOD_US)

    def send(self, data: bytes) -> list[Message]:
        """Let the board take ``data`` now; return what it replies."""
        self.core.receive(data, self.now_us)
        return self._wire.messages(self.core.transmit())

    def ask(self, name: str, **values: Value) -> Message:
        """Send a request and return its one reply."""
        replies = self.send(self._wire.frame(name, **values))
        assert len(replies) == 1, replies
        return replies[0]

    def status(self, name: str, **values: Value) -> str:
        """Send a request and return its acknowledgement's status."""
        return status_of(self.ask(name, **values))

    def move(self, in_ms: int, *pulse_us: int, mask: int | None = None) -> str:
        """Ask for pulses (from channel 0 on, unless ``mask`` says otherwise) due ``in_ms`` from now."""
        mask = (1 << len(pulse_us)) - 1 if mask is None else mask
        due_us = (self.now_us + 1000 * in_ms) & 0xFFFFFFFF
        return self.status("move", due_us=due_us, mask=mask, pulse_us=pulse_us)

    def flags(self) -> int:
        """Return the board's state flags."""
        return self.ask("query").number("flags")
