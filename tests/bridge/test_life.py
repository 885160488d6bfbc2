"""Idle life and expression move what the rig says, by as much as it says, and leave the mouth to speech."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mandible.api import motion_of
from mandible.device.frames import Frame
from mandible.firmware_bridge.expression_channels import ExpressionChannels
from mandible.firmware_bridge.guard import Guard
from mandible.firmware_bridge.idle import IdleLife
from mandible.firmware_bridge.mixer import Mixer
from mandible.firmware_bridge.rig import Rig
from mandible.models.visemes import VISEME_COUNT, Viseme
from tests.bridge.living import mixed, rig

_BLINK = "[idle.blink]\ninterval_ms = 1000\nchannels = { lids = 0.5 }\n"
_DRIFT = "[idle.drift]\ninterval_ms = 500\nmove_ms = 100\nchannels = { head = 0.2 }\n"
_BREATH = "[idle.breath]\nperiod_ms = 1000\nchannels = { head = 0.1 }\n"
_SPEAKING = {"quiet_hops": 0}
_SILENT = {"quiet_hops": 500}


def _course(of: Rig, channel: int, hops: int = 2000, **fields: object) -> list[int]:
    stage, course = IdleLife(of), []
    for index in range(hops):
        pulses_us = stage.step(mixed(index, of, **fields)).pulses_us
        assert pulses_us is not None
        course.append(pulses_us[channel])
    return course


def test_a_blink_goes_its_share_of_the_range() -> None:
    course = _course(rig(_BLINK), 1, **_SILENT)
    assert (min(course), max(course)) == (1000, 1500)
    assert 2 <= sum(a == 1000 < b for a, b in pairwise(course)) / 10 <= 3


def test_a_reversed_channel_breathes_the_other_way() -> None:
    course = _course(rig(_BREATH), 2, **_SILENT)
    assert (min(course), max(course)) == (1400, 1500)


def test_drift_stays_within_its_share_on_both_sides() -> None:
    course = _course(rig(_DRIFT), 2, 20_000, **_SILENT)
    assert 1300 <= min(course) < 1340
    assert 1660 < max(course) <= 1700


def test_moves_add_up_and_stop_at_the_limits() -> None:
    both = rig(_BLINK.replace("0.5", "0.8") + "[idle.breath]\nperiod_ms = 1000\nchannels = { lids = 0.9 }\n")
    course = _course(both, 1, **_SILENT)
    assert (min(course), max(course)) == (1000, 2000)


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_breath_and_drift_calm_down_in_speech_and_blinks_do_not(percent: int) -> None:
    of = rig(f"[idle]\nspeaking_percent = {percent}\n" + _BREATH + _BLINK)
    stage = IdleLife(of)
    for index in range(100):
        stage.step(mixed(index, of, **_SPEAKING))
    spoken = [stage.step(mixed(index, of, **_SPEAKING)).pulses_us for index in range(100, 1100)]
    least = min(pulses_us[2] for pulses_us in spoken if pulses_us is not None)
    assert abs(1500 - least - percent) <= 1
    assert max(pulses_us[1] for pulses_us in spoken if pulses_us is not None) == 1500


def test_between_silence_and_speech_nothing_leaps() -> None:
    of = rig("[idle]\nspeaking_percent = 0\n[idle.drift]\ninterval_ms = 60000\nchannels = { head = 1.0 }\n")
    stage, course = IdleLife(of), []
    for index in range(400):
        pulses_us = stage.step(mixed(index, of, quiet_hops=0 if 100 <= index < 250 else 500)).pulses_us
        assert pulses_us is not None
        course.append(pulses_us[2])
    assert max(abs(b - a) for a, b in pairwise(course)) <= 20
    assert course[200] == 1500 != course[90]


def test_speech_has_a_posed_channel_for_itself() -> None:
    of = rig("[idle.blink]\ninterval_ms = 1000\nposed = true\nchannels = { jaw = 0.5 }\n")
    assert max(_course(of, 0, **_SILENT)) == 1500
    assert set(_course(of, 0, **_SPEAKING)) == {1300}
    stage, course = IdleLife(of), []
    for index in range(1000):
        pulses_us = stage.step(mixed(index, of, quiet_hops=0 if index % 200 < 100 else index)).pulses_us
        assert pulses_us is not None
        course.append(pulses_us[0])
    assert {course[i] for i in range(1000) if i % 200 < 100} == {1300}
    assert max(course) > 1300


def test_without_a_gate_the_weights_say_who_speaks() -> None:
    of = rig("[idle]\nspeaking_percent = 0\n" + _BREATH)
    weights = np.zeros(VISEME_COUNT, np.uint8)
    weights[Viseme.aa] = 255
    assert set(_course(of, 2, weights=weights)[60:]) == {1500}
    assert len(set(_course(of, 2))) > 10


def test_idle_life_depends_on_the_seed_and_the_hop_number() -> None:
    text = _BLINK + _DRIFT + _BREATH
    one, again, other = (rig(f"[idle]\nseed = {seed}\n" + text) for seed in (1, 1, 2))
    assert _course(one, 2, **_SILENT) == _course(again, 2, **_SILENT) != _course(other, 2, **_SILENT)
    awake = IdleLife(one)
    for _ in range(100):
        later = awake.step(mixed(1234, one, **_SILENT)).pulses_us
    assert later is not None
    assert later[2] == _course(one, 2, **_SILENT)[1234]


def test_a_puppet_wakes_up_from_neutral_within_a_second() -> None:
    of = rig(_DRIFT.replace("0.2", "1.0"))
    course = _course(of, 2, **_SILENT)
    assert abs(course[0] - 1500) <= 10
    # 100 hops from nothing to all of it, on top of what the drift itself moves.
    assert max(abs(b - a) for a, b in pairwise(course[:100])) <= 1000 * 2 * 1.7 / 10


def test_a_reloaded_rig_stays_as_calm_as_it_was() -> None:
    of = rig("[idle]\nspeaking_percent = 0\n" + _BREATH)
    earlier, later = IdleLife(of), IdleLife(of)
    for index in range(100):
        earlier.step(mixed(index, of, **_SPEAKING))
    later.take_over(earlier)
    assert {later.step(mixed(i, of, **_SPEAKING)).pulses_us for i in range(100, 300)} == {of.neutral_us}
    later.reset()
    assert len({later.step(mixed(i, of, **_SPEAKING)).pulses_us for i in range(100, 140)}) > 1


@pytest.mark.parametrize(
    ("arousal", "emphasis", "head_us"),
    [(None, None, 1500), (0, 0, 1500), (255, 0, 1300), (0, 255, 1600), (255, 255, 1400), (128, 0, 1400)],
)
def test_expression_adds_its_shares(arousal: int | None, emphasis: int | None, head_us: int) -> None:
    of = rig('[expression.nod]\nchannel = "head"\narousal = 0.2\nemphasis = -0.1\n')
    frame = ExpressionChannels(of).step(mixed(0, of, arousal=arousal, emphasis=emphasis))
    assert frame.pulses_us == (1300, 1000, head_us)


def test_several_entries_may_move_one_channel_and_a_posed_one_adds_to_its_pose() -> None:
    of = rig(
        '[expression.a]\nchannel = "lids"\narousal = 0.3\n[expression.b]\nchannel = "lids"\nemphasis = 0.9\n'
        '[expression.c]\nchannel = "jaw"\nposed = true\narousal = 0.5\n'
    )
    stage = ExpressionChannels(of)

    def moved(jaw_us: int, emphasis: int) -> tuple[int, ...] | None:
        return stage.step(
            mixed(0, of, arousal=255, emphasis=emphasis, pulses_us=(jaw_us, 1000, 1500))
        ).pulses_us

    assert moved(1450, 0) == (1600, 1300, 1500)
    assert moved(1450, 255) == (1600, 2000, 1500)
    # Where p, b, m have it, nothing opens lips that are to meet; from there it begins gently.
    opened = [(moved(jaw_us, 0) or ())[0] for jaw_us in range(1300, 1402)]
    assert (opened[0], opened[-1]) == (1300, 1600)
    assert max(abs(b - a) for a, b in pairwise(opened)) <= 3


def test_stages_say_what_they_miss() -> None:
    of = rig(_BLINK)
    for stage in (IdleLife(of), ExpressionChannels(of)):
        with pytest.raises(ValueError, match="pulses_us"):
            stage.step(mixed(0, of, pulses_us=None))


def test_the_guard_is_last_and_only_what_is_used_runs() -> None:
    assert [type(stage) for stage in motion_of(rig())] == [Mixer, Guard]
    everything = [type(stage) for stage in motion_of(Rig.load("owl"))]
    assert everything == [Mixer, IdleLife, ExpressionChannels, Guard]


def test_a_closure_waits_for_a_jaw_that_expression_has_opened_further() -> None:
    text = Path(Rig.load("skull").file).read_text("utf-8")
    text = text.replace("speed_us_per_s = 16000", "speed_us_per_s = 6000").replace("jaw = 1.0", "jaw = 0.5")
    lively = Rig.parse(
        "lively.toml", text + '[expression.jaw]\nchannel = "jaw"\narousal = 0.4\nposed = true\n'
    )
    stages, reached = motion_of(lively), []
    for index in range(60):
        weights = np.zeros(VISEME_COUNT, np.uint8)
        weights[Viseme.PP if index in (40, 41) else Viseme.aa] = 255
        frame = Frame(index, 0, np.zeros(160, np.int16), weights=weights, quiet_hops=0, arousal=255)
        for stage in stages:
            frame = stage.step(frame)
        reached.append(frame.pulses_us)
    # Open: 0.5 for the vowel and nearly 0.4 more. A closed jaw is 450 µs away, eight hops at 60 µs.
    assert reached[39][0] > 1650
    assert lively.poses_us[Viseme.PP] in reached[40:]
