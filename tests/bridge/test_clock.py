"""The board's clock, told from pings."""

from __future__ import annotations

import random

import pytest

from mandible.firmware_bridge.clock import CLOCK_US, BoardClock


def pinged(clock: BoardClock, ppm: float, jitter_us: int, seconds: int, start_us: int = 0) -> int:
    """Ping five times a second over a cable of 1 ms and up to ``jitter_us`` more each way; return the end."""
    draw = random.Random(17)
    for sent_us in range(0, seconds * 1_000_000, 200_000):
        there_us = sent_us + 1000 + draw.randint(0, jitter_us)
        back_us = there_us + 1000 + draw.randint(0, jitter_us)
        assert clock.add(sent_us, back_us, true_us(there_us, ppm, start_us) % CLOCK_US)
    return sent_us + 200_000


def true_us(host_us: int, ppm: float, start_us: int) -> int:
    """Return the board's clock."""
    return start_us + host_us + round(host_us * ppm / 1e6)


def test_a_quick_ping_counts_for_more_than_a_slow_one() -> None:
    clock = BoardClock()
    assert clock.add(0, 1000, 500_500)
    assert clock.add(10_000, 40_000, 531_000)
    assert abs(clock.board_us(100_000) - 600_000) < 50
    assert clock.uncertainty_us(100_000) == 500 + 495


@pytest.mark.parametrize("ppm", [0, 40, -300, 2000, -4900])
@pytest.mark.parametrize("start_us", [0, CLOCK_US - 7_000_000])
def test_drift_is_learnt_and_the_clock_followed(ppm: float, start_us: int) -> None:
    clock = BoardClock()
    end_us = pinged(clock, ppm, jitter_us=6000, seconds=20, start_us=start_us)
    # Three ways to look at the same board: how fast, what time it is, and what time it will be.
    assert clock.drift_ppm == pytest.approx(ppm, abs=150)
    for host_us in (end_us, end_us + 1_000_000):
        apart_us = clock.board_us(host_us) - true_us(host_us, ppm, start_us) % CLOCK_US
        # A quarter of what each way may take too long.
        assert abs(apart_us) < 1500


def test_one_second_of_a_slow_cable_is_not_taken_for_drift() -> None:
    clock = BoardClock()
    pinged(clock, 0, jitter_us=8000, seconds=1)
    assert abs(clock.drift_ppm) < 500


def test_a_ping_that_contradicts_the_others_means_a_restart() -> None:
    clock = BoardClock()
    assert clock.add(0, 1000, 500_500)
    assert not clock.add(200_000, 201_000, 40_000)
    assert clock.add(200_000, 201_000, 700_500)
