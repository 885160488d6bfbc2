"""Timed set-points become pulses: straight lines, limits, slew, soft start, and the queue's rules."""

from __future__ import annotations

import itertools

import pytest

from mandible.firmware_bridge.protocol import LIMITS, WIRE
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import EVERY_CHANNEL, JAW, PERIOD_US, WIDE, eeprom_image

SOFT_PULSES = LIMITS["soft_start_ms"] * 1000 // PERIOD_US


def awake(speed_us_per_s: int = 20_000) -> HostedBoard:
    """Return a board with channel 0 attached at 1500 us and its soft start over."""
    limits = {0: (WIDE[0], WIDE[1], WIDE[2], speed_us_per_s), 1: WIDE}
    board = HostedBoard(eeprom_image(limits, watchdog_ms=2000))
    assert board.status("attach", mask=3) == "ok"
    board.run_periods(SOFT_PULSES)
    return board


def channel(pulses: list[tuple[int, ...]], number: int = 0) -> list[int]:
    """Return one channel's pulses."""
    return [row[number] for row in pulses]


def test_pulses_lie_on_the_line_between_set_points() -> None:
    board = awake()
    assert board.move(100, 1700) == "ok"
    assert board.move(200, 1600) == "ok"
    line = [1540, 1580, 1620, 1660, 1700, 1680, 1660, 1640, 1620, 1600, 1600]
    assert channel(board.run_periods(len(line))) == line


def test_a_set_point_after_a_rest_starts_its_line_where_the_servo_is() -> None:
    board = awake()
    board.move(40, 1600)
    board.run(600_000)
    board.move(100, 1650)
    assert channel(board.run_periods(5)) == [1610, 1620, 1630, 1640, 1650]


def test_a_later_set_point_replaces_those_due_at_its_time_or_after() -> None:
    board = awake()
    assert board.move(60, 1530) == "ok"
    assert board.move(100, 2000) == "ok"
    assert board.move(160, 2300) == "ok"
    assert board.move(100, 1550) == "ok"
    assert channel(board.run_periods(9)) == [1510, 1520, 1530, 1540, 1550, 1550, 1550, 1550, 1550]


def test_replacing_concerns_only_the_channels_it_names() -> None:
    board = awake()
    assert board.move(40, 1540, 1460) == "ok"
    assert board.move(40, 1520) == "ok"
    pulses = board.run_periods(2)
    assert channel(pulses, 0) == [1510, 1520]
    assert channel(pulses, 1) == [1480, 1460]


def test_speed_is_limited_and_exact_over_many_pulses() -> None:
    board = awake(speed_us_per_s=330)
    board.move(0, 2500)
    widths = channel(board.run_periods(75))
    steps = {after - before for before, after in itertools.pairwise(widths)}
    assert steps == {6, 7}
    assert widths[-1] == 1500 + 330 * 75 // 50


def test_a_wish_outside_the_limits_is_clamped_and_counted(board: HostedBoard) -> None:
    board.status("attach", mask=1)
    for wish in (0, 999, 2001, 65535):
        assert board.move(20, wish) == "clamped"
        board.run_periods(14)
        assert board.history[-1][1][0] == min(max(wish, JAW[0]), JAW[1])
    assert board.ask("query").number("clamped_set_points") == 4


def test_attaching_begins_at_neutral_and_softly(board: HostedBoard) -> None:
    board.status("attach", mask=1)
    assert channel(board.run_periods(1)) == [JAW[2]]
    board.move(0, 2000)
    soft = channel(board.run_periods(SOFT_PULSES - 1))
    step = LIMITS["soft_start_us_per_s"] * PERIOD_US // 1_000_000
    assert soft[:3] == [JAW[2] + step, JAW[2] + 2 * step, JAW[2] + 3 * step]
    assert all(after - before == step for before, after in itertools.pairwise(soft))


def test_attaching_again_does_not_jump_to_neutral() -> None:
    board = awake()
    board.move(0, 2200)
    board.run_periods(10)
    assert board.status("detach", mask=3) == "ok"
    assert board.run_periods(1)[0][:2] == (0, 0)
    assert board.status("attach", mask=1) == "ok"
    widths = channel(board.run_periods(3))
    assert widths == [2160, 2120, 2080]


def test_late_and_distant_set_points_are_refused_and_counted() -> None:
    board = awake()
    assert board.move(-LIMITS["late_ms"], 1600) == "ok"
    assert board.move(-LIMITS["late_ms"] - 1, 1900) == "late"
    assert board.move(LIMITS["ahead_ms"], 1600) == "ok"
    assert board.move(LIMITS["ahead_ms"] + 1, 1900) == "too_far"
    assert board.move(-20_000, 1900) == "late"
    assert board.move(20_000, 1900) == "too_far"
    assert board.ask("query").number("late_set_points") == 4
    assert channel(board.run_periods(1)) == [1600]


def test_a_full_queue_refuses_and_keeps_what_it_has() -> None:
    board = awake()
    for i in range(WIRE["queue_set_points"]):
        assert board.move(20 * (i + 1), 1500 + 10 * (i + 1)) == "ok"
    assert board.move(900, 1000) == "queue_full"
    assert board.ask("query").number("overruns") == 1
    assert channel(board.run_periods(9)) == [1510, 1520, 1530, 1540, 1550, 1560, 1570, 1580, 1580]


def test_set_points_cross_the_wrap_of_the_millisecond_clock() -> None:
    board = awake()
    while board.now_us < 65_000_000:
        assert board.move(20, 1500) == "ok"
        board.run(500_000)
    board.run(65_500_000 - board.now_us)
    board.move(100, 1600)
    assert channel(board.run_periods(5)) == [1520, 1540, 1560, 1580, 1600]


def test_the_clock_goes_on_past_its_wrap() -> None:
    board = HostedBoard()
    for now_us in (65_535_999, 4_294_967_295, 4_294_967_297, 40_000_000_123):
        board.core.poll(now_us)
        board.now_us = now_us
        assert board.ask("ping", token=0).number("clock_us") == now_us % 2**32


def test_a_move_names_only_attached_channels(board: HostedBoard) -> None:
    board.status("attach", mask=1)
    assert board.move(20, 1500, 1500) == "not_attached"
    assert board.move(20, mask=0) == "not_attached"
    assert board.run_periods(1)[0] == (JAW[2], *[0] * 11)


def test_a_channel_without_limits_never_attaches(board: HostedBoard) -> None:
    assert board.status("attach", mask=EVERY_CHANNEL) == "no_limits"
    assert board.status("attach", mask=4) == "no_limits"
    assert board.status("attach", mask=0x8001) == "no_limits"
    assert board.run_periods(2) == [(0,) * 12] * 2


def test_a_slow_servo_reaches_its_goal_though_it_is_attached_again_and_again() -> None:
    board = HostedBoard(eeprom_image({0: (WIDE[0], WIDE[1], WIDE[2], 40)}, watchdog_ms=2000))
    assert board.status("attach", mask=1) == "ok"
    seen = []
    for _ in range(100):  # two seconds
        assert board.move(20, 2000) == "ok"
        seen += channel(board.run_periods(1))
        assert board.status("detach", mask=1) == "ok"
        assert board.status("attach", mask=1) == "ok"
    # 40 us/s for two seconds, less the first pulse at neutral and what is not yet a whole microsecond.
    assert 77 <= seen[-1] - seen[0] <= 80
    assert all(after - before in (0, 1) for before, after in itertools.pairwise(seen))


@pytest.mark.parametrize("late_us", range(1, 17))
def test_a_long_line_that_ends_just_after_a_period_starts_does_not_jump_back(late_us: int) -> None:
    board = HostedBoard(eeprom_image({0: WIDE}, watchdog_ms=2000))
    board.status("attach", mask=1)
    due_us = 800_000 + late_us
    board.run(due_us - 300_015)
    assert board.status("move", due_us=due_us, mask=1, pulse_us=(2100,)) == "ok"
    widths = [pulses[0] for pulses in board.run(420_000)]
    assert all(before <= after for before, after in itertools.pairwise(widths))
    assert widths[-1] == 2100
