"""A conversation with the simulated Pico, and the same bytes at the same times for the core on the host."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.protocol import BOARDS
from tests.firmware.asking import Asking
from tests.firmware.wire import CHANNELS
from tests.virtual.rp2040.pico import BYTE_US, Line, Pulse, SimulatedPico

BOARD_ID = BOARDS["rp2040"]
# The firmware takes a byte within this time of its arrival.
LATENCY_US = 100


class PicoHost(Asking):
    """A host of the simulated Pico.

    Attributes:
        pico: the board.
        line: how it talks to the board.
        sent: (time in µs at which it had arrived, bytes) of everything sent.
    """

    def __init__(self, pico: SimulatedPico, line: Line = "uart") -> None:
        """Let the firmware start, and the computer at the other end of the cable get to know it."""
        super().__init__()
        self.pico, self.line = pico, line
        self.sent: list[tuple[float, bytes]] = []
        self.heard = b""
        self.pico.advance(self.pico.now_us + 25_000)

    def send(self, data: bytes, at_us: float | None = None) -> None:
        """Put bytes on the line, now unless a time is given."""
        at_us = self.pico.now_us + 10 if at_us is None else at_us
        self.pico.send(data, at_us, self.line)
        self.sent.append((at_us + (BYTE_US * len(data) if self.line == "uart" else 10), data))

    def run(self, us: float) -> list[Pulse]:
        """Let time pass; return the pulses that ended."""
        self.pico.advance(self.pico.now_us + us)
        heard = b"".join(received.data for received in self.pico.received())
        self.heard += heard
        self._messages += self.wire.messages(heard)
        return self.pico.pulses()


def planned_ahead_us(period_us: int) -> int:
    """Return how long before a period the firmware plans it; see its ``pulses.c``."""
    return min(4200, period_us - 500)


def clear_of_planning(arrived_us: float, period_us: int) -> float:
    """Return by how many us to put off what would arrive just when a period is planned; board's clock."""
    to_planning_us = (-planned_ahead_us(period_us) - arrived_us) % period_us
    near = min(to_planning_us, period_us - to_planning_us) < 2 * LATENCY_US
    return 4 * LATENCY_US if near else 0


def host_twin(
    slots: Mapping[int, bytes], sent: list[tuple[float, bytes]], zero_us: float, first: int, count: int
) -> list[tuple[int, ...]]:
    """Return the pulses, from period ``first`` on, of the core on the host given the same bytes.

    ``zero_us`` is when the board's clock read 0. All is played from the first byte; the periods before the
    first one asked for are planned too.
    """
    half = _board.EEPROM_BYTES // 2
    eeprom = b"".join(slots.get(slot, b"").ljust(half, b"\xff") for slot in (0, 1))
    core = _board.Board(eeprom, board_id=BOARD_ID)
    arrivals = iter([*sorted((time_us - zero_us, data) for time_us, data in sent), (float("inf"), b"")])
    arrival_us, data = next(arrivals)
    periods: list[tuple[int, ...]] = []
    for number in range(1, first + count):
        start_us = number * core.period_us
        plan_us = start_us - planned_ahead_us(core.period_us)
        while arrival_us <= plan_us:
            core.receive(data, int(arrival_us))
            arrival_us, data = next(arrivals)
        core.poll(plan_us)
        periods.append(struct.unpack(f"<{CHANNELS}H", core.pulses(start_us)))
    return periods[first - 1 :]
