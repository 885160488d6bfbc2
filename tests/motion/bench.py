"""A board in lockstep virtual time, whatever it is made of, and the one that is the core on this computer."""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mandible.firmware_bridge import _board
from tests.motion.delivery import BYTE_US, Sent

CHANNELS = 12


class Pulse(NamedTuple):
    """A servo pulse; times in µs of the board's clock."""

    channel: int
    start_us: float
    width_us: float


class Bench(Protocol):
    """A board that was switched on with its memory written; its clock began at 0."""

    def send(self, data: bytes, at_us: float) -> None:
        """Put bytes on the line to the board, the first bit at ``at_us``, at 115200 baud."""

    def advance(self, to_us: float) -> None:
        """Run until then."""

    def pulses(self) -> list[Pulse]:
        """Return the pulses that have ended since the last call."""


class HostBench:
    """The firmware's core on this computer, which plans each period ``planned_ahead_us`` before it."""

    def __init__(self, eeprom: bytes, planned_ahead_us: int = 1000) -> None:
        """Switch it on."""
        self._core = _board.Board(eeprom)
        self._ahead_us = planned_ahead_us
        self._next_us = self._core.period_us
        self._flying: list[tuple[float, int, bytes]] = []
        self._sent = 0
        self._pulses: list[Pulse] = []

    def send(self, data: bytes, at_us: float) -> None:
        """Let a frame arrive whole, with its last byte."""
        heapq.heappush(self._flying, (at_us + len(data) * BYTE_US, self._sent, data))
        self._sent += 1

    def advance(self, to_us: float) -> None:
        """Run until then."""
        while self._next_us - self._ahead_us <= to_us:
            self._receive(self._next_us - self._ahead_us)
            self._plan()
        self._receive(to_us)

    def pulses(self) -> list[Pulse]:
        """Return the pulses of the periods planned since the last call."""
        new, self._pulses = self._pulses, []
        return new

    def _receive(self, until_us: float) -> None:
        while self._flying and self._flying[0][0] <= until_us:
            there_us, _, data = heapq.heappop(self._flying)
            self._core.receive(data, int(there_us))
            self._core.transmit()
        self._core.poll(int(until_us))

    def _plan(self) -> None:
        widths_us = struct.unpack(f"<{CHANNELS}H", self._core.pulses(self._next_us))
        self._pulses += [Pulse(c, self._next_us, width) for c, width in enumerate(widths_us) if width]
        self._next_us += self._core.period_us


def run(bench: Bench, sent: Iterable[Sent], until_us: float) -> list[Pulse]:
    """Return all pulses of a board that gets these bytes at these times."""
    pulses = []
    for at_us, data in sorted(sent):
        bench.advance(at_us - 5 * BYTE_US)  # the line is only told of a byte just before it
        pulses += bench.pulses()
        bench.send(data, at_us)
    bench.advance(until_us)
    return pulses + bench.pulses()


def by_period(pulses: Iterable[Pulse], period_us: int, first_us: int, until_us: int) -> NDArray[np.float64]:
    """Return (n, 12) pulse widths of the periods that start from ``first_us`` until before ``until_us``.

    A pulse belongs to the period in which it starts; NaN where there was none.
    """
    first = -(-first_us // period_us)
    widths_us = np.full((-(-until_us // period_us) - first, CHANNELS), np.nan)
    for channel, start_us, width_us in pulses:
        row = int(start_us // period_us) - first
        if 0 <= row < len(widths_us):
            widths_us[row, channel] = width_us
    return widths_us
