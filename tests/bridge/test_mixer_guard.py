"""From weights to pulses that are safe for the servos, whatever the weights are."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.device.frames import HOP_MS, Frame
from mandible.firmware_bridge.guard import Guard
from mandible.firmware_bridge.mixer import Mixer
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.servos import MAX_HOPS
from mandible.models.visemes import VISEME_COUNT, Viseme

_RIG = Rig.load("parrot")
# 10 µs a hop: even the longest jump the guard allows stays inside the channels' ranges.
_SLOW_RIG = dataclasses.replace(
    _RIG, channels=tuple(dataclasses.replace(c, speed_us_per_s=1000) for c in _RIG.channels)
)
_PCM = np.zeros(160, np.int16)


def _frame(index: int = 0, **fields: object) -> Frame:
    return Frame(index=index, captured_ns=0, pcm=_PCM).having(**fields)


def _only(viseme: Viseme) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    weights = np.zeros(VISEME_COUNT, np.uint8)
    weights[viseme] = 255
    return weights


@st.composite
def _weights(draw: st.DrawFn) -> list[int]:
    """Fifteen weights that sum to 255."""
    cuts = sorted(draw(st.lists(st.integers(0, 255), min_size=VISEME_COUNT - 1, max_size=VISEME_COUNT - 1)))
    return [b - a for a, b in zip([0, *cuts], [*cuts, 255], strict=True)]


@pytest.mark.parametrize("viseme", list(Viseme))
def test_one_full_weight_is_that_viseme_s_pose(viseme: Viseme) -> None:
    assert Mixer(_RIG).step(_frame(weights=_only(viseme))).pulses_us == _RIG.poses_us[viseme]


@given(_weights())
def test_a_mixture_is_the_exact_mean_to_the_nearest_microsecond(weights: list[int]) -> None:
    pulses_us = Mixer(_RIG).step(_frame(weights=np.array(weights, np.uint8))).pulses_us
    assert pulses_us is not None
    for i, pulse_us in enumerate(pulses_us):
        total = sum(w * pose[i] for w, pose in zip(weights, _RIG.poses_us, strict=True))
        assert 2 * abs(255 * pulse_us - total) <= 255


def _moved(rig: Rig, said: list[Viseme], quiet_hops: int = 0, **smoothing: int) -> list[tuple[int, ...]]:
    """Guarded pulses of visemes that have all weight, a hop each."""
    rig = dataclasses.replace(rig, smoothing=dataclasses.replace(rig.smoothing, **smoothing))
    mixer, guard, pulses_us = Mixer(rig), Guard(rig), []
    for i, viseme in enumerate(said):
        quiet = quiet_hops + i if quiet_hops and viseme == Viseme.sil else 0
        frame = guard.step(mixer.step(_frame(i, weights=_only(viseme), quiet_hops=quiet)))
        assert frame.pulses_us is not None
        pulses_us.append(frame.pulses_us)
    return pulses_us


_WIDE = [Viseme.aa] * 40
_SLOW_SKULL = dataclasses.replace(
    (_SKULL := Rig.load("skull")),
    channels=tuple(dataclasses.replace(c, speed_us_per_s=6000) for c in _SKULL.channels),
)


@pytest.mark.parametrize("closure", [Viseme.PP, Viseme.FF])
def test_a_closure_is_kept_until_the_servo_has_stood_at_its_pose(closure: Viseme) -> None:
    # 460 to 500 µs at 60 µs a hop: eight or nine hops, of which the closure itself lasts two.
    said = [*_WIDE, closure, closure, *_WIDE]
    pose_us = _SLOW_SKULL.poses_us[closure]
    kept = _moved(_SLOW_SKULL, said, closure_reach_ms=120)
    assert kept.count(pose_us) == 2
    assert pose_us not in _moved(_SLOW_SKULL, said, closure_reach_ms=0)


def test_a_closure_is_kept_no_longer_than_it_may() -> None:
    pulses_us = _moved(_SLOW_SKULL, [*_WIDE, Viseme.PP, *_WIDE], closure_reach_ms=50)
    lowest = min(range(40, 80), key=lambda hop: pulses_us[hop])
    assert lowest == 40 + 5 - 1
    assert pulses_us[lowest] == (1750 - 5 * 60,)


def test_a_quick_servo_lets_go_with_the_closure() -> None:
    pulses_us = _moved(_SKULL, [Viseme.ou] * 20 + [Viseme.PP] * 3 + _WIDE, closure_reach_ms=80)
    assert pulses_us[20:24] == [(1265,), (1250,), (1250,), (1410,)]


def test_another_closure_takes_over_at_once() -> None:
    pulses_us = _moved(_SKULL, [*_WIDE, Viseme.PP, Viseme.FF, Viseme.FF, Viseme.FF, Viseme.FF])
    assert pulses_us[-1] == _SKULL.poses_us[Viseme.FF]


_AJAR = dataclasses.replace(_SKULL, poses_us=((1300,), *_SKULL.poses_us[1:]))


def test_a_shut_gate_parks_the_servos_gently_after_its_time() -> None:
    pulses_us = _moved(_AJAR, [Viseme.sil] * 120, quiet_hops=1, park_after_ms=1000)
    assert pulses_us[99] == (1300,)
    # An eighth of 160 µs a hop.
    assert pulses_us[100:104] == [(1280,), (1260,), (1250,), (1250,)]


def test_a_parked_mouth_leaves_at_once_with_speech() -> None:
    pulses_us = _moved(_AJAR, [*[Viseme.sil] * 120, Viseme.aa], quiet_hops=1, park_after_ms=1000)
    assert pulses_us[-2:] == [(1250,), (1250 + 160,)]


def test_a_mouth_can_be_told_never_to_park() -> None:
    assert _moved(_AJAR, [Viseme.sil] * 120, quiet_hops=60_000, park_after_ms=0)[-1] == (1300,)


def test_a_reset_mixer_keeps_no_closure() -> None:
    mixer = Mixer(_SLOW_SKULL)
    for i, viseme in enumerate([*_WIDE, Viseme.PP]):
        mixer.step(_frame(i, weights=_only(viseme)))
    mixer.reset()
    assert mixer.step(_frame(0, weights=_only(Viseme.aa))).pulses_us == (1750,)


def test_a_reloaded_rig_goes_on_from_the_present_pulses() -> None:
    earlier, later = (Mixer(_SLOW_SKULL), Guard(_SLOW_SKULL)), (Mixer(_SLOW_SKULL), Guard(_SLOW_SKULL))
    for i, viseme in enumerate(_WIDE):
        earlier[1].step(earlier[0].step(_frame(i, weights=_only(viseme))))
    later[0].take_over(earlier[0])
    later[1].take_over(earlier[1])
    moved_us = [
        later[1].step(later[0].step(_frame(40 + i, weights=_only(viseme)))).pulses_us
        for i, viseme in enumerate([Viseme.PP, *[Viseme.aa] * 12])
    ]
    assert moved_us[:2] == [(1690,), (1630,)]
    # The mixer knows, too, how far the servo has to go: it keeps the closure until its time is over.
    assert min(moved_us) == (1750 - 8 * 60,)


def test_other_limits_hold_from_the_first_pulse_on() -> None:
    (jaw,) = _SKULL.channels
    narrow = dataclasses.replace(_SKULL, channels=(dataclasses.replace(jaw, max_us=1600),))
    earlier, later = Guard(_SKULL), Guard(narrow)
    for i in range(10):
        earlier.step(_frame(i, pulses_us=(1750,)))
    later.take_over(earlier)
    assert later.step(_frame(10, pulses_us=(1750,))).pulses_us == (1600,)
    later.take_over(Guard(_RIG))
    assert later.step(_frame(11, pulses_us=(1600,))).pulses_us == (1600,)


def test_stages_say_what_they_miss() -> None:
    with pytest.raises(ValueError, match="weights"):
        Mixer(_RIG).step(_frame())
    with pytest.raises(ValueError, match="pulses_us"):
        Guard(_RIG).step(_frame())


_PULSE = st.integers(-(2**40), 2**40)
_STEPS = st.lists(
    st.tuples(st.integers(-5, 300), st.tuples(_PULSE, _PULSE, _PULSE)),
    max_size=40,
)


@pytest.mark.parametrize("rig", [_RIG, _SLOW_RIG], ids=["quick", "slow"])
@given(steps=_STEPS)
def test_the_guard_never_leaves_limits_or_outruns_a_servo(
    rig: Rig, steps: list[tuple[int, tuple[int, ...]]]
) -> None:
    guard, index, before_us = Guard(rig), 0, rig.neutral_us
    for number, (jump, wanted_us) in enumerate(steps):
        index += jump
        pulses_us = guard.step(_frame(index, pulses_us=wanted_us)).pulses_us
        assert pulses_us is not None
        hops = 1 if number == 0 else min(max(jump, 0), MAX_HOPS)
        for channel, pulse_us, previous_us in zip(rig.channels, pulses_us, before_us, strict=True):
            assert channel.min_us <= pulse_us <= channel.max_us
            assert abs(pulse_us - previous_us) * 1000 <= channel.speed_us_per_s * HOP_MS * hops
        before_us = pulses_us


@given(_STEPS, st.tuples(_PULSE, _PULSE, _PULSE))
def test_the_guard_arrives_at_the_nearest_allowed_pulse(
    steps: list[tuple[int, tuple[int, ...]]], goal_us: tuple[int, ...]
) -> None:
    guard, index = Guard(_RIG), 0
    for jump, wanted_us in steps:
        index += jump
        guard.step(_frame(index, pulses_us=wanted_us))
    for _ in range(100):
        index += 1
        reached_us = guard.step(_frame(index, pulses_us=goal_us)).pulses_us
    nearest_us = (min(max(g, c.min_us), c.max_us) for g, c in zip(goal_us, _RIG.channels, strict=True))
    assert reached_us == tuple(nearest_us)


def test_dropped_hops_give_the_servo_the_time_they_took_but_not_for_ever() -> None:
    def first_after(gap: int) -> int:
        guard = Guard(_SLOW_RIG)
        guard.step(_frame(0, pulses_us=_RIG.neutral_us))
        pulses_us = guard.step(_frame(gap, pulses_us=(1700, 1600, 1000))).pulses_us
        assert pulses_us is not None
        return pulses_us[0] - 1200

    assert [first_after(gap) for gap in (0, 1, 3)] == [0, 10, 30]
    assert first_after(2 * MAX_HOPS) == first_after(MAX_HOPS) == 10 * MAX_HOPS


def test_a_reset_guard_starts_from_neutral() -> None:
    guard = Guard(_RIG)
    wide = _frame(0, pulses_us=(1700, 1400, 2000))
    first = guard.step(wide)
    guard.step(_frame(1, pulses_us=(1700, 1400, 2000)))
    guard.reset()
    assert guard.step(wide).pulses_us == first.pulses_us
