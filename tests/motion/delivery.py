"""What reaches the board of a motion: 100 frames a second, none quite on time, some not at all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tests.firmware.wire import EVERY_CHANNEL, Wire, eeprom_image
from tests.motion.reference import (
    ACCEL_US_PER_S2,
    HIGH_US,
    HOP_US,
    LOW_US,
    SPEED_US_PER_S,
    Reference,
)

BAUD = 115_200
BYTE_US = 10 * 1_000_000 / BAUD
# The board's clock when row 0 of the motion is wanted; attached well before, so that the soft start is over.
START_US = 1_500_000
_ATTACH_US = 500_000
# From a frame's leaving the host until its last byte is there, where nothing disturbs it.
_ON_THE_WAY_US = 5_000
_JITTER_US = 8_000
_DROPPED = 0.02
# Boards work a period's pulses out this long before it, each at its own moment in between: a frame that came
# just then would count for one board and not for another.
PLANNING_US = {20_000: (9_500, 400), 5_000: (2_000, 400), 3_003: (2_000, 400)}


class Sent(NamedTuple):
    """Bytes on the line to the board, the first bit at ``at_us`` of the board's clock."""

    at_us: float
    data: bytes


def memory(reference: Reference, period_us: int) -> bytes:
    """Return what a board has stored for a motion: its neutral is where the motion begins."""
    limits = {
        channel: (int(LOW_US[channel]), int(HIGH_US[channel]), int(neutral_us), SPEED_US_PER_S)
        for channel, neutral_us in enumerate(reference.frames_us[0])
    }
    return eeprom_image(
        limits, watchdog_ms=2000, period_us=period_us, accel_100us_per_s2=ACCEL_US_PER_S2 // 100
    )


def deliver(
    reference: Reference, *, lead_us: int, period_us: int, seed: int = 1, timed: bool = True
) -> list[Sent]:
    """Return the frames of a motion as they reach the board, in order, each whole.

    Each leaves ``lead_us`` before it is due and takes 5 ms, give or take up to 8 ms; 2 % are lost. Untimed
    ones come at the same times and are due at once.
    """
    random = np.random.default_rng(seed)
    wire = Wire()
    sent = [Sent(_ATTACH_US, wire.frame("attach", mask=EVERY_CHANNEL))]
    free_us = float(_ATTACH_US + 10_000)
    for row, pulses_us in enumerate(reference.frames_us):
        due_us = START_US + row * HOP_US
        there_us = due_us - lead_us + _ON_THE_WAY_US + random.uniform(-_JITTER_US, _JITTER_US)
        if random.uniform() < _DROPPED:
            continue
        values = tuple(int(pulse) for pulse in pulses_us)
        longest = len(wire.frame("move", due_us=0x01010101, mask=EVERY_CHANNEL, pulse_us=values)) + 1
        earliest_us = free_us + longest * BYTE_US
        there_us = _beside_planning(max(there_us, earliest_us), earliest_us, period_us)
        data = wire.frame(
            "move", due_us=due_us if timed else int(there_us), mask=EVERY_CHANNEL, pulse_us=values
        )
        sent.append(Sent(there_us - len(data) * BYTE_US, data))
        free_us = there_us
    return sent


def _beside_planning(there_us: float, earliest_us: float, period_us: int) -> float:
    """Return the time, moved out of the boards' planning to the nearer end of it that the line allows."""
    first_us, last_us = PLANNING_US[period_us]
    before_us = period_us - there_us % period_us
    if not last_us < before_us < first_us:
        return there_us
    back_us, on_us = there_us + before_us - first_us, there_us + before_us - last_us
    return on_us if back_us < earliest_us or on_us - there_us < there_us - back_us else back_us
