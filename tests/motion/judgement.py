"""How good a run of pulses is: how near to the best one possible, how smooth, how true to the limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.motion.bench import HostBench, by_period, run
from tests.motion.best import best_trajectory
from tests.motion.delivery import START_US, deliver, memory
from tests.motion.reference import (
    ACCEL_US_PER_S2,
    HIGH_US,
    HOP_US,
    LOW_US,
    RANGE_US,
    SPEED_US_PER_S,
    Reference,
)

Series = NDArray[np.float64]

# Delays that the comparison allows for, whichever suits the run best.
_SHIFTS_US = (0, 5_000, -5_000, 10_000)
_GOOD = 0.01


@dataclass(frozen=True)
class Verdict:
    """What was measured of one run.

    Attributes:
        distance: root mean square distance to the best trajectory, as a share of the range.
        delay_us: the constant delay that it allows for.
        jerk: root mean square third difference of the pulses, as a share of the range.
        longest_step_us: from one pulse to the next.
        largest_change_us: of the steps.
    """

    distance: float
    delay_us: int
    jerk: float
    longest_step_us: float
    largest_change_us: float


def pulses_of(
    reference: Reference, period_us: int, *, lead_us: int, timed: bool = True, seed: int = 1
) -> Series:
    """Return (n, 12) pulses of the core on this computer, from the motion's start to its end."""
    bench = HostBench(memory(reference, period_us))
    sent = deliver(reference, lead_us=lead_us, period_us=period_us, seed=seed, timed=timed)
    end_us = START_US + HOP_US * (len(reference.frames_us) - 1)
    pulses_us = by_period(run(bench, sent, end_us), period_us, START_US, end_us)
    assert not np.isnan(pulses_us).any()
    return pulses_us


def judge(reference: Reference, pulses_us: Series, period_us: int) -> Verdict:
    """Compare ``pulses_us``, (n, 12) from the motion's start on, with the best trajectory."""
    distance, delay_us = 1.0, 0
    for shift_us in _SHIFTS_US:
        this = _distance(pulses_us, best_pulses(reference, len(pulses_us), period_us, shift_us))
        if this < distance:
            distance, delay_us = this, shift_us
        if distance < _GOOD:
            break
    return Verdict(distance, delay_us, jerk(pulses_us), _largest(pulses_us, 1), _largest(pulses_us, 2))


def jerk(pulses_us: Series) -> float:
    """Return the root mean square third difference, as a share of the range."""
    return _distance(np.diff(pulses_us, 3, axis=0), 0)


def best_pulses(reference: Reference, length: int, period_us: int, shift_us: int) -> Series:
    """Return the (length, 12) best pulses for a motion that comes ``shift_us`` late."""
    period_s = period_us / 1e6
    first_us = -(-START_US // period_us) * period_us - START_US
    wanted = reference.at(first_us - shift_us + period_us * np.arange(length, dtype=float))
    speed, accel = SPEED_US_PER_S * period_s, ACCEL_US_PER_S2 * period_s**2
    return best_trajectory(wanted, LOW_US.astype(float), HIGH_US.astype(float), speed, accel)


def _distance(pulses_us: Series, others_us: Series | int) -> float:
    return float(np.sqrt((((pulses_us - others_us) / RANGE_US) ** 2).mean()))


def _largest(pulses_us: Series, order: int) -> float:
    return float(np.abs(np.diff(pulses_us, order, axis=0)).max())
