"""What a simulated puppet did: its hops and its periods in the order in which they happened."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from mandible.errors import DeviceError
from mandible.firmware_bridge.protocol import MAX_CHANNELS

# As in watch.h and report.h.
_HOP = struct.Struct("<4I3B15s")
_PERIOD = struct.Struct(f"<2I{MAX_CHANNELS}H")
NOT_ASKED = 255


@dataclass(frozen=True, slots=True)
class Hop:
    """10 ms of sound that went through.

    Attributes:
        heard_us: when its last sample came, on the board's clock; ``began_us`` when the line took it.
        moved_us: when the firmware core got its pulses, for ``due_us``.
        attach: status of the attachment before it; None where there was none.
        move: status of the set-point.
        shown: the viseme shown; ``weights`` all fifteen.
        pulses_us: by channel of the rig.
    """

    heard_us: int
    began_us: int
    moved_us: int
    due_us: int
    attach: int | None
    move: int
    shown: int
    weights: bytes
    pulses_us: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """Pulses as the board layer got them at ``planned_us``, by output; 0 for none."""

    planned_us: int
    start_us: int
    pulses_us: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """A pulse as it came out of a pin."""

    output: int
    start_us: float
    width_us: float


@dataclass(frozen=True, slots=True)
class Seen:
    """A run.

    Attributes:
        events: hops and periods, in order.
        instructions: of each hop, from taking its samples to its set-point, with the interrupts in between.
        given: the samples that the line got from its microphone, int16.
        pulses: what the pins gave; none on a board without pins.
        cycles: of each hop, where the simulator counts them.
    """

    events: tuple[Hop | Period, ...]
    instructions: tuple[int, ...]
    given: bytes
    pulses: tuple[Pulse, ...] = ()
    cycles: tuple[int, ...] = ()

    @property
    def hops(self) -> list[Hop]:
        """The hops alone."""
        return [event for event in self.events if isinstance(event, Hop)]

    @property
    def periods(self) -> list[Period]:
        """The periods alone."""
        return [event for event in self.events if isinstance(event, Period)]


def hop_bytes(channels: int) -> int:
    """Return the length of a hop's record for a rig of so many channels."""
    return _HOP.size + 2 * channels


def parse(record: bytes, channels: int) -> tuple[Hop | Period, ...]:
    """Read a record; raises DeviceError where it is none."""
    events = list[Hop | Period]()
    at = 0
    pulses = struct.Struct(f"<{channels}H")
    try:
        while at < len(record):
            kind, at = record[at : at + 1], at + 1
            if kind == b"H":
                heard, began, moved, due, attach, move, shown, weights = _HOP.unpack_from(record, at)
                asked = None if attach == NOT_ASKED else attach
                widths = pulses.unpack_from(record, at + _HOP.size)
                events.append(Hop(heard, began, moved, due, asked, move, shown, weights, widths))
                at += hop_bytes(channels)
            elif kind == b"P":
                planned, start, *given = _PERIOD.unpack_from(record, at)
                events.append(Period(planned, start, tuple(given)))
                at += _PERIOD.size
            else:
                raise DeviceError(f"the simulated board's record is broken at byte {at - 1}; run it again")
    except struct.error:
        raise DeviceError("the simulated board's record ends in the middle; is the disk full?") from None
    return tuple(events)
