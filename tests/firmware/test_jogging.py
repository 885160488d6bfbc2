"""Moving one servo by hand, in a calibration session: gently, one at a time, never without somebody there."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge.protocol import FLAGS, LIMITS
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import JAW, eeprom_image, store_fields

KEY = LIMITS["calibration_key"]
STEP_US = LIMITS["jog_us_per_s"] * 20_000 // 1_000_000
TIMEOUT_US = 1000 * LIMITS["jog_timeout_ms"]


@pytest.fixture
def opened() -> HostedBoard:
    """Return a board without limits, its calibration session open."""
    board = HostedBoard()
    assert board.status("unlock", key=KEY) == "ok"
    return board


def jog(board: HostedBoard, channel: int, pulse_us: int) -> str:
    """Ask for a pulse by hand."""
    return board.status("jog", channel=channel, pulse_us=pulse_us)


def test_only_in_a_session(board: HostedBoard) -> None:
    assert jog(board, 0, 1500) == "locked"
    assert not any(map(any, board.run(100_000)))


def test_a_servo_that_never_moved_begins_where_it_is_asked_to_and_goes_on_gently(opened: HostedBoard) -> None:
    assert jog(opened, 3, 1510) == "ok"
    first, second = opened.run_periods(2)
    assert first == second == (0, 0, 0, 1510, *[0] * 8)
    assert jog(opened, 3, 1540) == "ok"
    way = [pulses[3] for pulses in opened.run_periods(15)]
    assert way[-1] == 1540
    assert all(0 <= after - before <= STEP_US for before, after in zip([1510, *way], way, strict=False))


def test_nobody_there_means_no_pulses(opened: HostedBoard) -> None:
    jog(opened, 0, 1500)
    assert any(map(any, opened.run(TIMEOUT_US - 30_000)))
    assert not any(map(any, opened.run(10 * TIMEOUT_US)[2:]))


def test_a_goal_far_away_is_cut_to_what_is_near(opened: HostedBoard) -> None:
    jog(opened, 0, 1500)
    opened.run_periods(1)
    assert jog(opened, 0, 2500) == "clamped"
    assert opened.run(TIMEOUT_US - 20_000)[-1][0] <= 1500 + LIMITS["jog_reach_us"]
    assert jog(opened, 0, 0) == "clamped"
    assert opened.run(TIMEOUT_US - 20_000)[-1][0] >= 1500 - LIMITS["jog_reach_us"]


def test_no_pulse_beyond_what_any_servo_should_get(opened: HostedBoard) -> None:
    assert jog(opened, 0, 65_535) == "clamped"
    assert opened.run_periods(1)[0][0] == LIMITS["pulse_max_us"]


def test_one_servo_at_a_time(opened: HostedBoard) -> None:
    jog(opened, 0, 1500)
    opened.run_periods(2)
    jog(opened, 1, 1400)
    assert opened.run_periods(2)[-1] == (0, 1400, *[0] * 10)
    assert opened.ask("query").numbers("pulse_us") == (0, 1400, *[0] * 10)


@pytest.mark.parametrize("channel", [12, 255])
def test_a_channel_there_is_not(opened: HostedBoard, channel: int) -> None:
    assert jog(opened, channel, 1500) == "bad_limits"
    assert not any(map(any, opened.run_periods(2)))


def test_whatever_ends_the_session_stops_the_pulses() -> None:
    for ending in ("store", "attach", "idle"):
        board = HostedBoard(eeprom_image({0: JAW}, watchdog_ms=2000))
        board.status("unlock", key=KEY)
        jog(board, 5, 1500)
        board.run_periods(2)
        if ending == "store":
            assert board.status("store", **store_fields(300)) == "ok"
        elif ending == "attach":
            assert board.status("attach", mask=1) == "ok"
        else:
            board.run(1000 * LIMITS["calibration_idle_ms"])
        assert not any(pulses[5] for pulses in board.run_periods(5)), ending
        assert not board.flags() & FLAGS["unlocked"], ending


def test_jogging_keeps_the_session_open(opened: HostedBoard) -> None:
    for _ in range(60):
        jog(opened, 0, 1500)
        opened.run(TIMEOUT_US - 100_000)
    assert opened.flags() & FLAGS["unlocked"]


def test_a_servo_that_was_found_outside_its_limits_comes_in_when_it_is_attached() -> None:
    board = HostedBoard(eeprom_image({0: JAW}))
    board.status("unlock", key=KEY)
    for _ in range(3):
        jog(board, 0, JAW[0] - 20)
        board.run(100_000)
    board.status("attach", mask=1)
    soft_us = LIMITS["soft_start_us_per_s"] * 20_000 // 1_000_000
    assert JAW[0] <= board.run_periods(1)[0][0] <= JAW[0] + soft_us
