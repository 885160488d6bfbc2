"""Boards that run in virtual time: the firmware core on this computer, and the chip's program in simavr."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mandible.firmware_bridge import _board
from tests.virtual.simavr.uno import SimulatedUno

# 8N1 at 115200 baud: ten bits a byte.
BYTE_US = 10 * 1_000_000 / 115_200
_BLANK = b"\xff" * _board.EEPROM_BYTES


@dataclass(frozen=True, slots=True)
class Pulse:
    """One servo pulse as measured: its rising edge on the board's clock, and its width."""

    output: int
    start_us: float
    width_us: float


class SteppedBoard(Protocol):
    """A board whose time passes only when it is told to."""

    def send(self, data: bytes) -> None:
        """Put bytes on the wire now; they arrive one after the other."""
        ...

    def advance(self, to_us: int) -> bytes:
        """Run until ``to_us`` after power-up and return what the host received meanwhile."""
        ...

    def take_pulses(self) -> list[Pulse]:
        """Return every pulse that ended since the last call."""
        ...


class HostBoard:
    """The portable core with a wire as slow as the real one."""

    def __init__(self) -> None:
        self._core = _board.Board(_BLANK, 12)
        self._now_us = 0
        self._next_period_us = _board.PERIOD_US
        self._inbound: deque[tuple[float, int]] = deque()
        self._outbound: deque[tuple[float, int]] = deque()
        self._pulses: list[Pulse] = []

    def send(self, data: bytes) -> None:
        """Queue bytes for the core, each at the time it would have arrived."""
        _put_on_wire(self._inbound, data, self._now_us)

    def advance(self, to_us: int) -> bytes:
        """Run the core to ``to_us``."""
        while self._now_us < to_us:
            arrival_us = self._inbound[0][0] if self._inbound else to_us
            self._now_us = int(min(to_us, self._next_period_us, max(arrival_us, self._now_us)))
            while self._inbound and self._inbound[0][0] <= self._now_us + 1:
                self._core.receive(bytes([self._inbound.popleft()[1]]), self._now_us)
            self._core.poll(self._now_us)
            if self._now_us == self._next_period_us:
                self._measure(np.frombuffer(self._core.pulses(self._now_us), "<u2"))
                self._next_period_us += _board.PERIOD_US
            _put_on_wire(self._outbound, self._core.transmit(), self._now_us)
        received = bytearray()
        while self._outbound and self._outbound[0][0] <= to_us:
            received.append(self._outbound.popleft()[1])
        return bytes(received)

    def take_pulses(self) -> list[Pulse]:
        """Return the pulses of the periods since the last call."""
        taken, self._pulses = self._pulses, []
        return taken

    def _measure(self, widths_us: np.ndarray[tuple[int], np.dtype[np.uint16]]) -> None:
        for output, width_us in enumerate(widths_us.tolist()):
            if width_us:
                self._pulses.append(Pulse(output, self._now_us, width_us))


class ChipBoard:
    """The firmware image on a simulated ATmega328P, its pulses timed at the pins."""

    def __init__(self, uno: SimulatedUno) -> None:
        self._uno = uno
        self._inbound: deque[tuple[float, int]] = deque()

    def send(self, data: bytes) -> None:
        """Put bytes on the serial line."""
        self._uno.send(data, self._uno.now_us)

    def advance(self, to_us: int) -> bytes:
        """Run the chip to ``to_us``, or to the end of the instruction that reaches it."""
        self._uno.advance(to_us)
        self._inbound.extend(self._uno.received())
        received = bytearray()
        while self._inbound and self._inbound[0][0] <= to_us:
            received.append(self._inbound.popleft()[1])
        return bytes(received)

    def take_pulses(self) -> list[Pulse]:
        """Return the pulses that have ended on any pin."""
        return [Pulse(pulse.channel, pulse.start_us, pulse.width_us) for pulse in self._uno.pulses()]


def _put_on_wire(wire: deque[tuple[float, int]], data: bytes, now_us: float) -> None:
    free_us = max(now_us, wire[-1][0]) if wire else now_us
    for i, byte in enumerate(data, start=1):
        wire.append((free_us + i * BYTE_US, byte))
