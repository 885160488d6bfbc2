"""The limits a board keeps for its servo outputs, and the checksum that says whether they are a rig's."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from mandible.firmware_bridge.crc import crc16
from mandible.firmware_bridge.protocol import MAX_CHANNELS, TRAITS, Value

# min, max, neutral, speed, acceleration, traits; little-endian. Zeros for an output without limits.
_RECORD = struct.Struct("<5HB")
_ACCEL_STEP_US_PER_S2 = 100


@dataclass(frozen=True, slots=True)
class StoredLimits:
    """What calibration writes for one output: pulses in µs, speed in µs of pulse per second.

    The acceleration (µs per second per second) is kept in steps of 100, rounded down. ``reversed`` says that
    the long pulse is the closed end.
    """

    output: int
    min_us: int
    max_us: int
    neutral_us: int
    speed_us_per_s: int
    accel_us_per_s2: int
    reversed: bool = False

    @property
    def message(self) -> dict[str, Value]:
        """The fields of ``set_limits``."""
        return {
            "channel": self.output,
            "min_us": self.min_us,
            "max_us": self.max_us,
            "neutral_us": self.neutral_us,
            "speed_us_per_s": self.speed_us_per_s,
            "accel_100us_per_s2": self.accel_us_per_s2 // _ACCEL_STEP_US_PER_S2,
            "traits": TRAITS["reversed"] * self.reversed,
        }


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """What calibration writes beside the limits.

    Attributes:
        watchdog_ms: without a set-point for so long the board parks.
        period_us: from pulse to pulse.
        idle_detach_s: an output that stands still for so long gets no pulses until it moves; 0: never.
    """

    watchdog_ms: int
    period_us: int
    idle_detach_s: int


def limits_crc(limits: Iterable[StoredLimits]) -> int:
    """Return CRC-16/MCRF4XX over the records of all twelve outputs, as ``welcome.limits_crc`` reports it."""
    table = bytearray(_RECORD.size * MAX_CHANNELS)
    for one in limits:
        _, *record = one.message.values()
        _RECORD.pack_into(table, _RECORD.size * one.output, *record)
    return crc16(bytes(table))


def output_mask(limits: Iterable[StoredLimits]) -> int:
    """Return one bit per output that has limits, output 0 lowest."""
    mask = 0
    for one in limits:
        mask |= 1 << one.output
    return mask
