"""The limits a board keeps for its servo outputs, and the checksum that says whether they are a rig's."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from mandible.firmware_bridge.crc import crc16
from mandible.firmware_bridge.protocol import MAX_CHANNELS

# min, max, neutral, speed; little-endian. An output without limits is eight zero bytes.
_RECORD = struct.Struct("<4H")


@dataclass(frozen=True, slots=True)
class StoredLimits:
    """What calibration writes for one output. Pulses in µs, speed in µs of pulse per second."""

    output: int
    min_us: int
    max_us: int
    neutral_us: int
    speed_us_per_s: int


def limits_crc(limits: Iterable[StoredLimits]) -> int:
    """Return CRC-16/MCRF4XX over the records of all twelve outputs, as ``welcome.limits_crc`` reports it."""
    table = bytearray(_RECORD.size * MAX_CHANNELS)
    for one in limits:
        record = (one.min_us, one.max_us, one.neutral_us, one.speed_us_per_s)
        _RECORD.pack_into(table, _RECORD.size * one.output, *record)
    return crc16(bytes(table))


def output_mask(limits: Iterable[StoredLimits]) -> int:
    """Return one bit per output that has limits, output 0 lowest."""
    mask = 0
    for one in limits:
        mask |= 1 << one.output
    return mask
