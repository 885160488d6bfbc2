"""Servos held fast, too hot, or at rest without pulses: what the host does, on the firmware's core."""

from __future__ import annotations

import dataclasses

import pytest

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session
from tests.bridge.bench import Bench

_RIG = Rig.load("parrot")
_SLOW = dataclasses.replace(
    _RIG,
    channels=tuple(dataclasses.replace(c, speed_us_per_s=400) for c in _RIG.channels),
    link=dataclasses.replace(_RIG.link, idle_detach_s=1),
)
_OPEN_US = (1500, 1500, 1800)
_OBSTACLE_US = 1300


class _Stand:
    """A puppet on the firmware's core, its limits stored."""

    def __init__(self, rig: Rig = _RIG) -> None:
        self.board = _board.Board()
        self.bench = Bench(Session(rig, 0), self.board)
        self.session = self.bench.session
        self.bench.run_until(Phase.UNCALIBRATED)
        self.session.store(self.bench.now_us)
        self.bench.run_until(Phase.READY)

    def pose(self, ms: int, pulses_us: tuple[int, ...] = _OPEN_US) -> None:
        """Ask for one pose for a while."""
        self.bench.run(1000 * ms, lambda _: pulses_us)

    def push(self, ms: int) -> int:
        """Ask for a pose behind an obstacle; return for how many ms the servo pressed against it."""
        pressed_ms = 0
        for _ in range(ms // 10):
            held = self.bench.pulses[-1][1][0] > _OBSTACLE_US
            self.board.alarm(held, False)
            self.pose(10)
            pressed_ms += 10 * held
        return pressed_ms


@pytest.mark.parametrize(("stalled", "hot", "says"), [(True, False, "held fast"), (False, True, "too hot")])
def test_an_alarm_is_told_in_words_and_over_when_it_is_over(stalled: bool, hot: bool, says: str) -> None:
    stand = _Stand()
    stand.pose(1000)
    stand.board.alarm(stalled, hot)
    stand.pose(3000)
    problem = stand.session.problem or ""
    assert says in problem
    assert "goes on" in problem
    assert "flash" not in problem
    hellos = stand.session.exchange.sent["hello"]
    stand.pose(8000)
    assert stand.session.exchange.sent["hello"] - hellos <= 6
    stand.board.alarm(False, False)
    stand.pose(2500)
    assert stand.session.phase is Phase.MOVING
    assert stand.session.problem is None
    assert stand.bench.pulses[-1][1][:3] == _OPEN_US


def test_a_servo_that_is_held_fast_again_and_again_is_pressed_ever_less_often() -> None:
    stand = _Stand()
    assert stand.push(10_000) < 1000
    assert "held fast" in (stand.session.problem or "")
    assert stand.push(20_000) < 700
    # What held it has gone: it moves again by itself, and the next stall is a new one.
    stand.board.alarm(False, False)
    stand.pose(10_000)
    assert stand.session.problem is None
    stand.push(500)
    stand.board.alarm(False, False)
    stand.pose(1200)
    assert stand.session.phase is Phase.MOVING


def test_an_answer_after_the_end_begins_nothing() -> None:
    session, board = Session(_RIG, 0), _board.Board()
    session.poll(0)
    board.receive(session.transmit(), 0)
    session.park(1000)
    session.receive(board.transmit(), 2000)
    assert session.phase is Phase.CLOSED
    session.poll(3000)
    assert session.transmit() == b""


@pytest.mark.parametrize("pose_us", [_RIG.neutral_us, (1300, 1500, 1200)], ids=["neutral", "elsewhere"])
def test_a_puppet_that_rests_without_pulses_is_parked_without_waiting_for_them(
    pose_us: tuple[int, ...],
) -> None:
    stand = _Stand(_SLOW)
    stand.pose(4000, pose_us)
    assert stand.bench.pulses[-1][1] == (0,) * 12
    before = len(stand.bench.pulses)
    way_us = max(abs(a - b) for a, b in zip(pose_us, _SLOW.neutral_us, strict=True))
    stand.session.park(stand.bench.now_us)
    stand.bench.run_until(Phase.CLOSED, limit_us=400_000 + 1_000_000 * way_us // 400)
    stand.bench.run(100_000)
    last_us = list(pose_us)
    for _, pulses_us in stand.bench.pulses[before:]:
        last_us = [now or then for now, then in zip(pulses_us, last_us, strict=False)]
    assert tuple(last_us) == _SLOW.neutral_us
    assert stand.bench.pulses[-1][1] == (0,) * 12
