"""Servos that are held fast or too hot, and those that nothing moves: the board lets them go."""

from __future__ import annotations

import itertools

import pytest

from mandible.firmware_bridge.protocol import FLAGS, LIMITS
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import JAW, eeprom_image

NEUTRAL_US = JAW[2]
STALL_US = 1000 * LIMITS["stall_ms"]


@pytest.fixture
def moving() -> HostedBoard:
    """Return a board whose jaw is on its way to wide open."""
    board = HostedBoard(eeprom_image({0: JAW}, watchdog_ms=2000))
    board.status("attach", mask=1)
    board.run(400_000)
    assert board.move(50, JAW[1]) == "ok"
    board.run(60_000)
    return board


def test_a_servo_that_is_held_fast_is_let_go_at_once(moving: HostedBoard) -> None:
    moving.core.alarm(True, False)
    assert all(pulses[0] for pulses in moving.run(STALL_US - 20_000))
    moving.run(20_000)
    assert not any(map(any, moving.run_periods(50)))
    assert moving.flags() & FLAGS["stalled"]
    assert moving.status("attach", mask=1) == "alarm"


def test_a_short_knock_is_no_stall(moving: HostedBoard) -> None:
    for _ in range(5):
        moving.core.alarm(True, False)
        moving.run(STALL_US // 2)
        moving.core.alarm(False, False)
        moving.run(20_000)
    assert moving.run_periods(1)[0][0] > 0
    assert not moving.flags() & FLAGS["stalled"]


def test_what_happened_is_told_until_it_moves_again(moving: HostedBoard) -> None:
    moving.core.alarm(True, False)
    moving.run(2 * STALL_US)
    moving.core.alarm(False, False)
    moving.run(1_000_000)
    assert moving.flags() & FLAGS["stalled"]
    assert moving.status("attach", mask=1) == "ok"
    assert not moving.flags() & FLAGS["stalled"]


def test_a_servo_that_is_too_hot_goes_to_rest_gently(moving: HostedBoard) -> None:
    moving.core.alarm(False, True)
    way = [pulses[0] for pulses in moving.run(2_000_000)]
    steps = [abs(after - before) for before, after in itertools.pairwise(way) if after]
    assert max(steps) <= JAW[3] * 20_000 / 1e6 + 1
    assert [pulse for pulse in way if pulse][-1] == NEUTRAL_US
    assert way[-1] == 0
    assert moving.flags() & FLAGS["hot"]
    assert moving.status("attach", mask=1) == "alarm"
    moving.core.alarm(False, False)
    assert moving.status("attach", mask=1) == "ok"


def test_a_servo_that_nothing_moves_rests_without_pulses_and_wakes_gently() -> None:
    board = HostedBoard(eeprom_image({0: JAW, 1: JAW}, watchdog_ms=2000, idle_detach_s=1))
    board.status("attach", mask=3)
    for hop in range(250):
        assert board.move(20, JAW[1], NEUTRAL_US + hop % 2) == "ok"
        board.run(10_000)
    standing, moving = board.run_periods(1)[0][:2]
    assert standing == 0
    assert moving > 0
    assert board.flags() & FLAGS["idle"]
    way = []
    for _ in range(30):
        assert board.move(20, JAW[0], NEUTRAL_US) == "ok"
        way += [pulses[0] for pulses in board.run(20_000)]
    given = [pulse for pulse in way if pulse]
    soft_us = LIMITS["soft_start_us_per_s"] * 20_000 // 1_000_000
    assert JAW[1] - given[0] <= soft_us
    assert given[-1] < JAW[1]


def test_without_an_idle_time_servos_are_held_for_ever() -> None:
    board = HostedBoard(eeprom_image({0: JAW}, watchdog_ms=2000))
    board.status("attach", mask=1)
    for _ in range(1000):
        board.move(20, NEUTRAL_US)
        board.run(100_000)
    assert board.run_periods(1)[0][0] == NEUTRAL_US
