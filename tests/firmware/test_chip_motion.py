"""Twelve channels on the chip: set-points at 100 Hz with 8 ms of jitter, some lost; pulses at 50 Hz."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from tests.motion.bench import Pulse, by_period, run
from tests.motion.delivery import START_US, deliver, memory
from tests.motion.judgement import jerk, judge, pulses_of
from tests.motion.reference import HOP_US, REFERENCES, SPEED_US_PER_S, Reference, jumps, speech
from tests.virtual.simavr.bench import ChipBench

PERIOD_US = 20_000
LEAD_US = 60_000
TOLERANCE_US = 1.0


def starts_by_channel(pulses: list[Pulse]) -> dict[int, list[float]]:
    """Return when the pulses of each channel began."""
    starts: dict[int, list[float]] = defaultdict(list)
    for channel, start_us, _ in pulses:
        starts[channel].append(start_us)
    return starts


@pytest.mark.parametrize("reference", [speech(), jumps()], ids=["speech", "jumps"])
def test_the_chip_moves_as_the_core_on_the_host_does(reference: Reference) -> None:
    end_us = START_US + HOP_US * (len(reference.frames_us) - 1)
    with ChipBench(memory(reference, PERIOD_US)) as bench:
        pulses = run(bench, deliver(reference, lead_us=LEAD_US, period_us=PERIOD_US), end_us)
    measured_us = by_period(pulses, PERIOD_US, START_US, end_us)[:-1]
    wanted_us = pulses_of(reference, PERIOD_US, lead_us=LEAD_US)[: len(measured_us)]
    assert np.abs(measured_us - wanted_us).max() <= TOLERANCE_US
    # Pulses come on time, and no two of them are farther apart than the speed allows.
    for starts in starts_by_channel(pulses).values():
        assert np.abs(np.diff(starts) - PERIOD_US).max() <= TOLERANCE_US
    # The core rounds to whole microseconds, so a step may be one longer than the slew.
    most_us = SPEED_US_PER_S * PERIOD_US / 1e6
    rounded_us = measured_us.round()
    assert np.abs(measured_us - rounded_us).max() <= TOLERANCE_US / 2
    assert np.abs(np.diff(rounded_us, axis=0)).max() <= most_us + 1


def test_the_chip_stays_as_near_to_the_best_motion_as_is_promised() -> None:
    reference = speech()
    end_us = START_US + HOP_US * (len(reference.frames_us) - 1)
    with ChipBench(memory(reference, PERIOD_US)) as bench:
        pulses = run(bench, deliver(reference, lead_us=LEAD_US, period_us=PERIOD_US), end_us)
    measured_us = by_period(pulses, PERIOD_US, START_US, end_us)[:-1]
    verdict = judge(reference, measured_us, PERIOD_US)
    print(verdict)
    assert verdict.distance <= 0.01


def test_times_on_set_points_make_the_chip_s_motion_smooth() -> None:
    reference = REFERENCES["soft speech"]()
    end_us = START_US + HOP_US * (len(reference.frames_us) - 1)
    jerks = []
    for timed in (True, False):
        sent = deliver(reference, lead_us=LEAD_US, period_us=PERIOD_US, timed=timed)
        with ChipBench(memory(reference, PERIOD_US)) as bench:
            pulses = run(bench, sent, end_us)
        jerks.append(jerk(by_period(pulses, PERIOD_US, START_US, end_us)[:-1]))
    smooth, rough = jerks
    assert rough > 3 * smooth
