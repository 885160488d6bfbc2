"""The stage itself: bounded on any sound, pure, and the same again after a reset."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mandible.device.expression import Expression
from mandible.device.frames import HOP_SAMPLES, Frame
from mandible.device.frontend import LogMel
from tests.expression.sounds import LOUD, heard, noise, pcm, syllables, tone

_BIT = st.sampled_from(["zeros", "top", "bottom", "square", "noise", "voice", "click"])


def _hop(kind: str, number: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    ramp = np.arange(HOP_SAMPLES)
    sounds = {
        "zeros": ramp * 0,
        "top": ramp * 0 + 32767,
        "bottom": ramp * 0 - 32768,
        "square": np.where((ramp + number * HOP_SAMPLES) // 50 % 2, 32767, -32768),
        "noise": np.random.default_rng(number).integers(-32768, 32768, HOP_SAMPLES),
        "voice": 9000 * np.sin((ramp + number * HOP_SAMPLES) / 20),
        "click": (ramp == 7) * 32767,
    }
    return sounds[kind].astype(np.int16)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(_BIT, st.integers(1, 40), st.sampled_from([None, 0, 1, 10**9])), min_size=1, max_size=12
    )
)
def test_any_sound_stays_within_0_and_255(runs: list[tuple[str, int, int | None]]) -> None:
    stage, index = Expression(), 0
    for kind, hops, quiet_hops in runs:
        for _ in range(hops):
            frame = stage.step(Frame(index, 0, _hop(kind, index), quiet_hops=quiet_hops))
            assert frame.arousal is not None
            assert frame.emphasis is not None
            assert 0 <= frame.arousal <= 255
            assert 0 <= frame.emphasis <= 255
            index += 3


def test_a_reset_stage_is_a_fresh_one() -> None:
    talk = syllables([120, 150, 110, 180] * 6, [LOUD, LOUD / 2, LOUD, LOUD] * 6)
    used = Expression()
    heard(np.concatenate([noise(0.31, 4000), talk]), used)
    used.reset()
    fresh, again = heard(talk), heard(talk, used)
    np.testing.assert_array_equal(again.arousal, fresh.arousal)
    np.testing.assert_array_equal(again.emphasis, fresh.emphasis)


def test_the_rest_of_the_frame_passes_through_and_the_sound_is_left_alone() -> None:
    hop = pcm(tone(100, 0.01))
    before = hop.copy()
    frame = Expression().step(Frame(5, 77, hop, quiet_hops=0, openness=9))
    assert (frame.index, frame.captured_ns, frame.openness, frame.quiet_hops) == (5, 77, 9, 0)
    assert frame.pcm is hop
    np.testing.assert_array_equal(hop, before)


@pytest.mark.parametrize("sound", [tone(130, 2), noise(2, 3000)], ids=["voice", "noise"])
def test_it_costs_less_than_three_front_ends(sound: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    hops = pcm(sound).reshape(-1, HOP_SAMPLES)

    def least_s(stage: Expression | LogMel) -> float:
        best_s = float("inf")
        for _ in range(7):
            begin_s = time.thread_time()
            for index, hop in enumerate(hops):
                stage.step(Frame(index, 0, hop))
            best_s = min(best_s, time.thread_time() - begin_s)
        return best_s

    assert least_s(Expression()) < 3 * least_s(LogMel())
