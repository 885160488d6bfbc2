"""A conversation with the simulated Uno, and the same bytes at the same times for the core on the host."""

from __future__ import annotations

import struct

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.protocol import BOARDS
from tests.firmware.asking import Asking
from tests.firmware.wire import CHANNELS, PERIOD_US, stored_channels
from tests.virtual.simavr.uno import Pulse, SimulatedUno

# From the chip's pulses.h: the shortest period, and how long before it its pulses are worked out.
SHORTEST_PERIOD_US = 16_666


def planned_ahead_us(eeprom: bytes) -> int:
    """Return how long before a period a chip with these limits plans it."""
    return 840 + 680 * max(1, stored_channels(eeprom))


class Chip(Asking):
    """A host of the simulated Uno.

    Attributes:
        uno: the board.
        sent: (time in µs at which it had arrived, bytes) of everything sent.
    """

    def __init__(self, uno: SimulatedUno) -> None:
        """Let the firmware start."""
        super().__init__()
        self.uno = uno
        self.sent: list[tuple[float, bytes]] = []
        self.uno.advance(self.uno.now_us + 5000)

    def send(self, data: bytes, at_us: float | None = None) -> None:
        """Put bytes on the wire, now unless a time is given."""
        at_us = self.uno.now_us + 10 if at_us is None else at_us
        self.uno.send(data, at_us)
        self.sent.append((at_us + self.uno.byte_us * len(data), data))

    def run(self, us: float) -> list[Pulse]:
        """Let time pass; return the pulses that ended."""
        self.uno.advance(self.uno.now_us + us)
        self._messages += self.wire.messages(bytes(byte for _, byte in self.uno.received()))
        return self.uno.pulses()

    def align(self, phase_us: float, period_us: int = PERIOD_US) -> None:
        """Run to ``phase_us`` into the next period, as the pulses of channel 0 tell; it must have pulses."""
        starts = [pulse.start_us for pulse in self.run(2 * period_us) if pulse.channel == 0]
        target_us = starts[-1] + phase_us
        while target_us <= self.uno.now_us:
            target_us += period_us
        self.run(target_us - self.uno.now_us)


def host_twin(
    eeprom: bytes, sent: list[tuple[float, bytes]], start_us: float, until_us: float
) -> list[list[int]]:
    """Return the pulses, period by period, of the core on the host given the same bytes at the same times.

    ``start_us`` is when the chip's clock read 0; the first row is that of the first whole period after it.
    """
    core = _board.Board(eeprom, CHANNELS, SHORTEST_PERIOD_US, BOARDS["atmega328p"])
    arrivals = iter([*sorted((time_us - start_us, data) for time_us, data in sent), (float("inf"), b"")])
    arrival_us, data = next(arrivals)
    periods = []
    ahead_us = planned_ahead_us(eeprom)
    for period_us in range(core.period_us, int(until_us - start_us), core.period_us):
        plan_us = period_us - ahead_us
        while arrival_us <= plan_us:
            core.receive(data, int(arrival_us))
            arrival_us, data = next(arrivals)
        core.poll(plan_us)
        periods.append(list(struct.unpack(f"<{CHANNELS}H", core.pulses(period_us))))
    return periods
