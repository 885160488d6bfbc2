"""A servo moved by hand that is held fast, too hot, or detached: it stops, and no jog brings it back."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge.protocol import FLAGS, LIMITS
from tests.firmware.hosted import HostedBoard

STALL_US = 1000 * LIMITS["stall_ms"]
REACH_US = LIMITS["jog_reach_us"]


@pytest.fixture
def jogged() -> HostedBoard:
    """Return a board whose output 3 is being moved by hand, at 1500 us."""
    board = HostedBoard()
    board.status("unlock", key=LIMITS["calibration_key"])
    assert jog(board) == "ok"
    assert board.run_periods(2)[-1][3] == 1500
    return board


def jog(board: HostedBoard, pulse_us: int = 1500) -> str:
    """Ask for a pulse by hand."""
    return board.status("jog", channel=3, pulse_us=pulse_us)


@pytest.mark.parametrize(("stalled", "hot"), [(True, False), (False, True)])
def test_an_alarm_stops_it_and_is_told_before_it_goes_on(
    jogged: HostedBoard, stalled: bool, hot: bool
) -> None:
    jogged.core.alarm(stalled, hot)
    jogged.run(STALL_US)
    assert not any(map(any, jogged.run_periods(3)))
    assert jog(jogged) == "alarm"
    assert not any(map(any, jogged.run_periods(3)))
    assert jogged.flags() & FLAGS["stalled" if stalled else "hot"]
    jogged.core.alarm(False, False)
    assert jog(jogged) == "alarm"
    assert not jogged.flags() & (FLAGS["stalled"] | FLAGS["hot"])
    assert jog(jogged) == "ok"
    assert jogged.run_periods(1)[0][3] == 1500


def test_a_stall_that_has_just_begun_refuses_too(jogged: HostedBoard) -> None:
    jogged.core.alarm(True, False)
    assert jog(jogged, 1510) == "alarm"
    assert jogged.run_periods(1)[0][3] == 1500


def test_a_level_that_is_read_at_every_turn_is_a_stall_all_the_same(jogged: HostedBoard) -> None:
    for _ in range(STALL_US // 1000):
        jogged.core.alarm(True, False)
        jogged.run(1000)
    assert not any(map(any, jogged.run_periods(3)))


def test_detaching_it_stops_its_pulses_and_those_of_no_other(jogged: HostedBoard) -> None:
    jogged.status("detach", mask=0xFFF & ~(1 << 3))
    assert jogged.run_periods(1)[0][3] == 1500
    jogged.status("detach", mask=1 << 3)
    assert not any(map(any, jogged.run_periods(2)))


def test_it_goes_no_farther_down_at_once_than_up(jogged: HostedBoard) -> None:
    assert jog(jogged, 1500 - REACH_US) == "ok"
    assert jog(jogged, 1500 - REACH_US - 1) == "clamped"
    jogged.run(450_000)
    assert jogged.history[-1][1][3] == 1500 - REACH_US
    assert jog(jogged, 1500) == "ok"
    assert jog(jogged, 1501) == "clamped"
