"""What people ask is done by the line's own thread, between two hops, and the mouth obeys."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

from mandible.device.daemon.controls import BUSY, MOST_WAITING, Controls
from mandible.device.daemon.rest import Hush, Rest
from mandible.device.frames import Frame
from mandible.firmware_bridge.guard import Guard
from mandible.firmware_bridge.mixer import Mixer
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.servos import reaches_us
from mandible.models.visemes import Viseme
from tests.daemon.standing import spoken_frame

RIG = Rig.load("parrot")


def hop(index: int) -> Frame:
    return Frame(index, index * 10_000_000, np.zeros(160, np.int16))


def moved(controls: Controls, hops: int, first: int = 0) -> list[Frame]:
    """Drive a loud open mouth through the stages that controls stands around."""
    mixer, guard = moved.stages  # type: ignore[attr-defined]
    seen: list[Frame] = []
    sink = controls.to([seen.append])
    for frame in controls.between(spoken_frame(first + i) for i in range(hops)):
        sink(guard.step(mixer.step(controls.hush.step(frame))))
    return seen


@pytest.fixture(autouse=True)
def _fresh_stages() -> None:
    moved.stages = (Mixer(RIG), Guard(RIG))  # type: ignore[attr-defined]


def ask(controls: Controls, do: str) -> list[str | None]:
    answers: list[str | None] = []
    controls.actions[do](answers.append)
    return answers


def assert_slow_enough(seen: list[Frame]) -> None:
    poses = [frame.pulses_us for frame in seen if frame.pulses_us is not None]
    for before, after in itertools.pairwise(poses):
        for was_us, is_us, reach_us in zip(before, after, reaches_us(RIG), strict=True):
            assert abs(is_us - was_us) <= reach_us


def test_without_a_wish_frames_pass_as_they_are() -> None:
    controls = Controls(RIG)
    seen = moved(controls, 30)
    assert [frame.index for frame in seen] == list(range(30))
    assert controls.hops == 30
    assert controls.newest is seen[-1]
    assert seen[-1].pulses_us == RIG.poses_us[Viseme.aa]
    assert controls.mode == "live"


def test_a_muted_mouth_rests_though_sound_comes_and_speaks_again() -> None:
    controls = Controls(RIG)
    seen = moved(controls, 30)
    answers = ask(controls, "mute")
    assert answers == [], "only the line's thread may do it"
    seen += moved(controls, 60, 30)
    assert answers == [None]
    assert controls.mode == "muted"
    assert seen[-1].pulses_us == RIG.poses_us[Viseme.sil]
    assert (seen[-1].viseme, seen[-1].openness, seen[-1].quiet_hops) == (Viseme.sil, 0, 60)
    assert seen[-1].mel is not None, "it hears all the same"
    ask(controls, "unmute")
    seen += moved(controls, 60, 90)
    assert seen[-1].pulses_us == RIG.poses_us[Viseme.aa]
    assert_slow_enough(seen)


def test_a_parked_puppet_goes_to_neutral_and_is_let_go() -> None:
    controls = Controls(RIG)
    seen = moved(controls, 30)
    ask(controls, "park")
    seen += moved(controls, 100, 30)
    assert seen[-1].pulses_us is None
    assert [frame.pulses_us for frame in seen if frame.pulses_us is not None][-1] == RIG.neutral_us
    ask(controls, "unmute")
    back = moved(controls, 100, 130)
    assert back[-1].pulses_us == RIG.poses_us[Viseme.aa]
    assert_slow_enough(seen)
    assert_slow_enough([seen[0].having(pulses_us=RIG.neutral_us), *back])


def test_rest_is_as_slow_as_the_rig_even_after_a_line_that_is_elsewhere() -> None:
    rest = Rest(RIG)
    far_us = RIG.poses_us[Viseme.aa]
    seen = [rest.step(hop(0).having(pulses_us=far_us))]
    for on in (True, False, True, False):
        rest.on = on
        seen += [rest.step(hop(len(seen) + i).having(pulses_us=far_us)) for i in range(7)]
    assert_slow_enough(seen)
    assert len({frame.pulses_us for frame in seen}) > 7


def test_a_parking_puppet_makes_up_for_lost_hops_and_a_parked_one_does_not_leap() -> None:
    rest = Rest(RIG)
    far_us = RIG.poses_us[Viseme.aa]
    rest.step(hop(0).having(pulses_us=far_us))
    rest.on = True
    first, after_three = (rest.step(hop(index).having(pulses_us=far_us)).pulses_us for index in (1, 4))
    assert first is not None
    assert after_three is not None
    jaw_reach_us = reaches_us(RIG)[0]
    assert abs(first[0] - far_us[0]) == jaw_reach_us
    assert abs(after_three[0] - first[0]) == min(3 * jaw_reach_us, abs(first[0] - RIG.neutral_us[0]))
    for index in range(5, 100):
        parked = rest.step(hop(index).having(pulses_us=far_us))
    assert parked.pulses_us is None
    rest.on = False
    assert_slow_enough(
        [hop(99).having(pulses_us=RIG.neutral_us), rest.step(hop(100).having(pulses_us=far_us))]
    )


def test_a_hush_counts_its_hops_anew_each_time() -> None:
    hush = Hush()
    for _ in range(2):
        hush.on = True
        assert [hush.step(spoken_frame()).quiet_hops for _ in range(3)] == [1, 2, 3]
        hush.on = False
        frame = spoken_frame()
        assert hush.step(frame) is frame


def test_actions_run_in_the_lines_thread_in_order_and_never_twice() -> None:
    controls = Controls()
    threads: list[tuple[int, int]] = []
    for number in range(5):
        controls.post(lambda number=number: threads.append((number, threading.get_ident())))  # type: ignore[misc]
    list(controls.between([hop(0), hop(1)]))
    assert threads == [(number, threading.get_ident()) for number in range(5)]


def test_an_action_that_queues_another_does_not_hold_the_line_up() -> None:
    controls = Controls()

    def again() -> None:
        controls.post(again)

    controls.post(again)
    assert len(list(controls.between([hop(0), hop(1)]))) == 2


def test_the_queue_is_bounded() -> None:
    controls = Controls()
    assert all(controls.post(lambda: None) for _ in range(MOST_WAITING))
    assert not controls.post(lambda: None)
    assert ask(controls, "mute") == [BUSY]


def test_stop_ends_the_line_before_the_next_hop() -> None:
    controls = Controls()
    stopped: list[bool] = []
    controls.on_stop = lambda: stopped.append(True)
    seen = []
    for frame in controls.between(hop(i) for i in range(10)):
        seen.append(frame.index)
        if frame.index == 3:
            assert ask(controls, "stop") == [None]
    assert seen == [0, 1, 2, 3]
    assert stopped == [True]


def test_without_a_rig_there_is_nothing_to_reload() -> None:
    assert "no rig" in str(ask(Controls(), "reload")[0])


def test_a_beat_follows_every_hop() -> None:
    controls, beats = Controls(), []
    controls.beat = lambda: beats.append(1)
    sink = controls.to([])
    for i in range(4):
        sink(hop(i))
    assert len(beats) == 4
