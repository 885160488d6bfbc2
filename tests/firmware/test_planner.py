"""What the planner promises of a pulse: range and speed always, acceleration and rest wherever possible."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import WIDE, Limits, eeprom_image


def board_with(limits: Limits, accel_us_per_s2: int) -> HostedBoard:
    """Return a board with channel 0 attached and its soft start over."""
    image = eeprom_image({0: limits}, watchdog_ms=2000, accel_100us_per_s2=accel_us_per_s2 // 100)
    board = HostedBoard(image)
    assert board.status("attach", mask=1) == "ok"
    board.run_periods(20)
    return board


def widths(board: HostedBoard, periods: int) -> list[int]:
    """Return channel 0's pulses of the next periods."""
    return [row[0] for row in board.run_periods(periods)]


def differences(values: list[int]) -> list[int]:
    """Return how each value differs from the one before."""
    return [after - before for before, after in itertools.pairwise(values)]


def test_a_move_speeds_up_and_slows_down() -> None:
    board = board_with((500, 2500, 1500, 6000), accel_us_per_s2=100_000)
    board.move(0, 2300)
    path = [1500, *widths(board, 15)]
    steps = differences(path)
    assert steps[:4] == [40, 80, 120, 120]
    assert path[-1] == 2300
    assert max(steps) == 120
    assert all(abs(change) <= 42 for change in differences([0, *steps, 0]))


def test_a_goal_at_rest_is_not_overshot() -> None:
    board = board_with(WIDE, accel_us_per_s2=60_000)
    for goal_us in (2100, 1350, 1351, 2499, 500):
        before_us = board.history[-1][1][0]
        board.move(0, goal_us)
        path = widths(board, 50)
        low, high = sorted((before_us, goal_us))
        assert all(low <= width <= high for width in path)
        assert path[-1] == goal_us


def test_a_move_that_is_known_ahead_begins_before_its_goal_jumps() -> None:
    board = board_with(WIDE, accel_us_per_s2=100_000)
    for due_ms, pulse_us in ((70, 1500), (71, 1800), (110, 1800)):
        assert board.move(due_ms, pulse_us) == "ok"
    path = widths(board, 12)
    assert path[0] == 1500
    assert path[2] > 1510
    assert path[-1] == 1800


def test_the_slowest_servo_creeps_exactly() -> None:
    board = board_with((500, 2500, 1500, 7), accel_us_per_s2=100_000)
    for _ in range(10):
        board.move(0, 2500)
        board.run_periods(50)
    # 7 us/s for ten seconds
    assert abs(board.history[-1][1][0] - 1570) <= 1


def test_parking_slows_down_into_neutral() -> None:
    board = board_with((500, 2500, 1500, 6000), accel_us_per_s2=60_000)
    board.move(0, 2200)
    board.run_periods(20)
    path = [width for width in widths(board, 200) if width]
    assert path[-1] == 1500
    assert min(path) == 1500
    assert all(abs(change) <= 26 for change in differences(differences(path)))


@settings(max_examples=60, deadline=None)
@given(
    low_us=st.integers(500, 1400),
    high_us=st.integers(1600, 2500),
    speed_us_per_s=st.sampled_from([1, 50, 333, 4000, 20_000]) | st.integers(1, 20_000),
    accel_us_per_s2=st.sampled_from([100, 1000, 50_000, 5_000_000]) | st.integers(100, 5_000_000),
    moves=st.lists(st.tuples(st.integers(0, 90), st.integers(500, 2500), st.integers(0, 6)), max_size=40),
)
def test_no_goal_takes_a_pulse_past_its_limits(
    low_us: int,
    high_us: int,
    speed_us_per_s: int,
    accel_us_per_s2: int,
    moves: list[tuple[int, int, int]],
) -> None:
    board = board_with((low_us, high_us, 1500, speed_us_per_s), accel_us_per_s2)
    path = []
    for in_ms, pulse_us, periods in moves:
        board.move(in_ms, pulse_us)
        path += widths(board, periods)
    assert all(low_us <= width <= high_us for width in path)
    for span in (1, 2, 5):
        most_us = -(-speed_us_per_s * 20_000 * span // 1_000_000)
        assert all(abs(path[i + span] - path[i]) <= most_us for i in range(len(path) - span))
    # Whole microseconds: of three pulses each may be half a one off, the middle one counts twice.
    most_change_us = accel_us_per_s2 // 100 * 100 * 0.0004 + 2
    assert all(abs(change) <= most_change_us for change in differences(differences(path)))
