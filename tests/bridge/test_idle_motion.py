"""Blinks, breath and drift are what they say, at any hop, for any seed."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.firmware_bridge.idle_motion import ONE, Blinks, Breath, Drift, chance, eased

_SEED = st.integers(0, 2**63)
_INDEX = st.integers(0, 2**40)
_HOUR = 360_000


def _blink_starts(blinks: Blinks, hops: int) -> list[int]:
    shut = [blinks.position(index) > 0 for index in range(hops)]
    return [i for i in range(1, hops) if shut[i] and not shut[i - 1]]


def test_blinks_come_once_an_interval_on_average_and_never_on_the_beat() -> None:
    starts = _blink_starts(Blinks(5, interval_hops=400, duration_hops=24, double_percent=0), _HOUR)
    assert abs(len(starts) - _HOUR / 400) <= 15  # neighbours that meet are one
    between = sorted(b - a for a, b in pairwise(starts))
    assert between[len(between) // 10] < 250
    assert 550 < between[-len(between) // 10] <= 800


@pytest.mark.parametrize("percent", [0, 30, 100])
def test_some_blinks_are_two_in_a_row(percent: int) -> None:
    starts = _blink_starts(Blinks(5, 1000, 24, percent), _HOUR)
    doubles = sum(b - a == 36 for a, b in pairwise(starts))
    assert abs(doubles - 360 * percent / 100) <= 25


@given(_SEED, st.integers(8, 40))
def test_a_blink_shuts_the_eyes_quickly_and_opens_them_more_slowly(seed: int, duration: int) -> None:
    blinks = Blinks(seed, 500, duration, 0)
    course = [blinks.position(index) for index in range(1500)]
    assert max(course) == ONE
    first = next(i for i in range(500, 1500) if course[i] and not course[i - 1])
    shut = next(i for i in range(first, 1500) if course[i] == ONE)
    assert shut - first < duration / 2
    assert 0 in course[first : first + 2 * duration + 1]


@given(_SEED, st.integers(100, 2000))
def test_a_breath_goes_from_0_to_one_and_back_once_a_period(seed: int, period: int) -> None:
    breath = Breath(seed, period)
    course = [breath.position(index) for index in range(2 * period)]
    assert course[:period] == course[period:]
    assert (min(course), max(course)) == (0, ONE)
    # Two fifths of the period it rises; a cosine is steepest in its middle.
    steepest = 1.7 * ONE / (period * 2 // 5) + ONE / 64
    assert max(abs(b - a) for a, b in pairwise(course)) <= steepest


@given(_SEED, st.integers(50, 600), st.integers(10, 50))
def test_drift_rests_most_of_the_time_and_moves_smoothly(seed: int, interval: int, move: int) -> None:
    drift = Drift(seed, interval, move)
    course = [drift.position(index) for index in range(4 * interval)]
    moving = sum(a != b for a, b in pairwise(course))
    assert moving <= 4 * (move + 1)
    assert max(abs(b - a) for a, b in pairwise(course)) <= 2 * ONE * 1.7 / move + ONE / 32


@given(_SEED, _INDEX, _INDEX)
def test_a_position_depends_on_seed_and_hop_alone(seed: int, before: int, index: int) -> None:
    for make in (
        lambda: Blinks(seed, 300, 24, 20),
        lambda: Breath(seed, 420),
        lambda: Drift(seed, 350, 90),
    ):
        used = make()
        used.position(before)
        assert used.position(index) == make().position(index)
        assert -ONE <= used.position(index) <= ONE


def test_another_process_draws_the_same() -> None:
    """Python's own hash differs from one process to the next; ours must not."""
    code = "from mandible.firmware_bridge.idle_motion import chance; print(chance(7, 1, 2))"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(told.stdout) == chance(7, 1, 2) == 10274041424000653043


@given(st.integers(-5, 500), st.integers(1, 400))
def test_an_eased_way_begins_at_0_and_ends_at_one(done: int, whole: int) -> None:
    assert 0 <= eased(done, whole) <= ONE
    assert eased(done, whole) <= eased(done + 1, whole)
    assert (eased(0, whole), eased(whole, whole)) == (0, ONE)
