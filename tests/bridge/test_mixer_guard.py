"""From weights to pulses that are safe for the servos, whatever the weights are."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.device.frames import HOP_MS, Frame
from mandible.firmware_bridge.guard import MAX_HOPS, Guard
from mandible.firmware_bridge.mixer import Mixer
from mandible.firmware_bridge.rig import Rig
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
