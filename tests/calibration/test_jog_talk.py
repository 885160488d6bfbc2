"""Jogging on the real firmware: gentle, one servo at a time, and over as soon as nobody asks for more."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.calibration.jog_talk import JogTalk
from mandible.firmware_bridge.calibration.questions import Jog
from mandible.firmware_bridge.protocol import LIMITS
from tests.calibration.cable import Cable

SECOND_US = 1_000_000
TIMEOUT_US = 1000 * LIMITS["jog_timeout_ms"]
PERIOD_US = 20_000


@pytest.fixture
def cable() -> Cable:
    return Cable(JogTalk(0), _board.Board())


def test_a_servo_goes_where_it_is_wished_no_faster_than_gently(cable: Cable) -> None:
    cable.talk.wish(Jog(3, 1500))
    cable.run(SECOND_US)
    assert cable.pulses_us[3] == cable.talk.position_us == 1500
    cable.talk.wish(Jog(3, 1600))
    cable.run(SECOND_US // 4)
    assert 1500 < cable.pulses_us[3] < 1560
    cable.run(SECOND_US)
    assert cable.talk.position_us == 1600
    most_us = LIMITS["jog_us_per_s"] * PERIOD_US // SECOND_US
    steps_us = [abs(b - a) for a, b in zip(cable.given_us[3], cable.given_us[3][1:], strict=False)]
    assert max(steps_us) <= most_us


def test_the_position_is_unknown_until_the_board_reports_the_new_wish(cable: Cable) -> None:
    cable.talk.wish(Jog(0, 1500))
    cable.run(SECOND_US)
    cable.talk.wish(Jog(0, 1501))
    cable.step()
    assert cable.talk.position_us is None


def test_letting_go_stops_the_pulses_with_the_next_period(cable: Cable) -> None:
    cable.talk.wish(Jog(0, 1500))
    cable.run(SECOND_US)
    cable.talk.wish(Jog(0, 1800))
    cable.run(SECOND_US // 2)
    cable.talk.wish(None)
    cable.run(2 * PERIOD_US)
    assert cable.pulses_us == (0,) * 12
    cable.run(SECOND_US)
    assert not cable.talk.moving


def test_going_on_after_letting_go_begins_where_the_servo_stood(cable: Cable) -> None:
    cable.talk.wish(Jog(0, 1500))
    cable.run(SECOND_US)
    cable.talk.wish(None)
    # Longer than the board keeps a session open.
    cable.run(1000 * LIMITS["calibration_idle_ms"] + SECOND_US)
    cable.talk.wish(Jog(0, 1700))
    cable.run(SECOND_US // 5)
    assert cable.talk.halted is None
    assert 1500 <= cable.pulses_us[0] <= 1540


def test_a_second_servo_takes_the_pulses_from_the_first(cable: Cable) -> None:
    cable.talk.wish(Jog(0, 1500))
    cable.run(SECOND_US)
    cable.talk.wish(Jog(1, 1400))
    cable.run(SECOND_US)
    assert cable.pulses_us[:2] == (0, 1400)
    assert cable.talk.position_us == 1400


@pytest.mark.parametrize("slept_us", [3 * TIMEOUT_US, 30 * SECOND_US])
def test_a_host_that_sleeps_has_let_go_and_stays_so_until_asked(cable: Cable, slept_us: int) -> None:
    cable.talk.wish(Jog(0, 1500))
    cable.run(SECOND_US)
    cable.talk.wish(Jog(0, 2200))
    cable.run(SECOND_US // 2)
    before_us = cable.pulses_us[0]
    cable.host_runs = False
    cable.run(slept_us)
    assert cable.pulses_us[0] == 0
    assert max(cable.given_us[0]) <= before_us + LIMITS["jog_reach_us"]
    cable.host_runs = True
    cable.run(SECOND_US)
    assert cable.talk.halted is not None
    assert cable.pulses_us[0] == 0


def test_a_pulled_cable_stops_the_servo_and_is_told(cable: Cable) -> None:
    cable.talk.wish(Jog(0, 1500))
    cable.run(SECOND_US)
    cable.connected = False
    cable.run(TIMEOUT_US + 2 * PERIOD_US)
    assert cable.pulses_us[0] == 0
    cable.run(SECOND_US)
    assert "does not answer" in (cable.talk.halted or "")


def test_a_board_that_restarts_is_not_jogged_on_by_itself(cable: Cable) -> None:
    cable.talk.wish(Jog(0, 1500))
    cable.run(SECOND_US)
    cable.replace_board(_board.Board())
    cable.run(SECOND_US)
    assert "restarted" in (cable.talk.halted or "")
    assert cable.pulses_us[0] == 0


def test_lost_bytes_are_made_up_for(cable: Cable) -> None:
    cable.loses_every = 4
    cable.talk.wish(Jog(0, 1500))
    cable.run(2 * SECOND_US)
    cable.talk.wish(Jog(0, 1650))
    cable.run(3 * SECOND_US)
    assert cable.pulses_us[0] == cable.talk.position_us == 1650
    cable.talk.wish(None)
    cable.run(SECOND_US)
    assert cable.pulses_us[0] == 0
    assert not cable.talk.moving


def test_a_stalled_servo_is_reported_and_goes_on_once_it_is_free(cable: Cable) -> None:
    cable.talk.wish(Jog(0, 1500))
    cable.run(SECOND_US)
    cable.board.alarm(True, False)
    cable.run(SECOND_US // 4)
    assert cable.talk.stalled
    assert cable.pulses_us[0] == 0
    cable.board.alarm(False, False)
    cable.run(SECOND_US)
    assert cable.talk.halted is None
    assert not cable.talk.stalled
    assert cable.pulses_us[0] == 1500


def test_an_output_that_the_board_has_not_got_is_told() -> None:
    cable = Cable(JogTalk(0), _board.Board(channels=2))
    cable.talk.wish(Jog(2, 1500))
    cable.run(SECOND_US)
    assert "2 outputs" in (cable.talk.halted or "")


def test_a_stall_of_yesterday_is_no_stall_of_today(cable: Cable) -> None:
    cable.board.alarm(True, False)
    cable.run(SECOND_US)
    cable.board.alarm(False, False)
    cable.talk.wish(Jog(0, 1500))
    for _ in range(100):
        cable.step()
        assert not cable.talk.stalled
    assert cable.pulses_us[0] == 1500


def test_no_stall_is_missed_however_often_a_jog_is_repeated(cable: Cable) -> None:
    cable.talk.wish(Jog(0, 1500))
    cable.run(SECOND_US)
    for goal_us in range(1501, 1600):
        if cable.talk.stalled:
            break
        cable.talk.wish(Jog(0, goal_us))
        # The level falls as soon as the board has let go.
        cable.board.alarm(cable.pulses_us[0] > 1510, False)
        cable.step()
    assert cable.talk.stalled
    assert max(cable.given_us[0]) < 1560


def test_a_servo_that_stays_stalled_is_left_alone(cable: Cable) -> None:
    cable.talk.wish(Jog(0, 1500))
    cable.run(SECOND_US)
    cable.board.alarm(True, False)
    cable.run(3 * SECOND_US)
    assert "stalls" in (cable.talk.halted or "")
    assert cable.pulses_us[0] == 0
