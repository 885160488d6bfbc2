"""Front end, engine c and decoder in one call say what the three stages say, byte for byte."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mandible.device import engines
from mandible.device.audio import open_source
from mandible.device.decoder_settings import DecoderSettings
from mandible.device.frames import Frame
from mandible.device.fused import Fused, fused, packed
from mandible.device.fused import _fused as kernel
from mandible.device.hearing import Hearing
from mandible.models import released
from mandible.quantize.streaming import streaming_bytes
from tests.cli.command import SAMPLE
from tests.parity.make_network import Shape, whole

FIELDS = ("mel", "logits", "weights")
SLOW = DecoderSettings(vowel_attack_ms=120, vowel_release_ms=300, hysteresis=10, dwell_ms=0, gate_level=-20)


def speech() -> NDArray[np.int16]:
    with open_source(str(SAMPLE)) as source:
        return np.array([frame.pcm for frame in source])


def hard_sounds() -> NDArray[np.int16]:
    """Noise at every level from full scale to a single step, and silence."""
    rng = np.random.default_rng(11)
    noise = rng.uniform(-1, 1, (300, 160)) * 2.0 ** rng.uniform(0, 15, 300)[:, None]
    noise[::7] = 0
    return noise.astype(np.int16)


def pair(model: Path, chosen: DecoderSettings) -> tuple[Hearing, Fused]:
    engine = engines.create("c", model)
    one = fused(engine, engine.output_scale, chosen)
    assert one is not None
    return Hearing(engines.create("reference", model), engine.output_scale, chosen), one


def assert_alike(stages: Hearing, one: Fused, hops: NDArray[np.int16]) -> None:
    for index, pcm in enumerate(hops):
        frame = Frame(index, 0, pcm)
        expected, found = stages.step(frame), one.step(frame)
        for name in FIELDS:
            wanted, got = getattr(expected, name), getattr(found, name)
            assert got.dtype == wanted.dtype
            np.testing.assert_array_equal(got, wanted, err_msg=f"{name} of hop {index}")
        assert (found.viseme, found.openness, found.quiet_hops) == (
            expected.viseme,
            expected.openness,
            expected.quiet_hops,
        )
        assert found.heads == expected.heads


@pytest.mark.parametrize("chosen", [DecoderSettings(), SLOW], ids=["as released", "slow"])
def test_it_says_what_the_stages_say(chosen: DecoderSettings) -> None:
    stages, one = pair(released.resolve("nano").path, chosen)
    assert_alike(stages, one, np.concatenate([speech()[:500], hard_sounds()]))
    one.reset()
    stages.reset()
    assert_alike(stages, one, speech()[200:300])


def test_heads_pass_through(tmp_path: Path) -> None:
    path = tmp_path / "heads.tflite"
    path.write_bytes(streaming_bytes(whole(Shape(heads={"laughter": 1, "voiced": 2}, logits_at=1)), path))
    assert_alike(*pair(path, DecoderSettings()), speech()[:100])


def test_other_settings_in_the_middle_lose_no_sound() -> None:
    stages, one = pair(released.resolve("nano").path, DecoderSettings())
    hops = speech()
    assert_alike(stages, one, hops[:150])
    stages.retune(SLOW)
    one.retune(SLOW)
    assert_alike(stages, one, hops[150:300])


def test_settings_without_room_in_the_integers_go_the_long_way() -> None:
    model = released.resolve("nano")
    engine = engines.create("c", model)
    odd = replace(DecoderSettings(), closure_hold_ms=60_000)
    assert fused(engine, engine.output_scale, odd) is None
    assert fused(engines.create("reference", model), 0.125, DecoderSettings()) is None
    _, one = pair(model.path, DecoderSettings())
    with pytest.raises(ValueError, match="out of range"):
        one.retune(odd)


@pytest.mark.parametrize("wrapping", [2**32 + 88, -(2**31) - 1, 2**70])
def test_a_setting_that_32_bits_would_make_another_one_is_refused(wrapping: int) -> None:
    model = released.resolve("nano")
    engine = engines.create("c", model)
    odd = replace(DecoderSettings(), closure_threshold=wrapping)
    with pytest.raises(ValueError, match="no 32-bit number"):
        packed(engine.output_scale, odd)
    assert fused(engine, engine.output_scale, odd) is None


def test_a_wrong_hop_is_refused() -> None:
    _, one = pair(released.resolve("nano").path, DecoderSettings())
    for pcm in (np.zeros(159, np.int16), np.zeros(160, np.float32)):
        with pytest.raises(ValueError, match="a hop is 160 int16 samples"):
            one.step(Frame(0, 0, pcm))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 400), st.integers(-(2**31), 2**31 - 1), st.integers(-3, 3))
def test_no_table_makes_it_misbehave(place: int, word: int, longer: int) -> None:
    engine = engines.create("c", released.resolve("nano"))
    words = np.frombuffer(packed(engine.output_scale, DecoderSettings()), np.int32).copy()
    words[place % len(words)] = word
    words = words[: len(words) + longer] if longer <= 0 else np.append(words, [0] * longer)
    with suppress(ValueError):  # refused: that is well
        one = kernel.Kernel(engine.description, words.astype(np.int32).tobytes())
        for pcm in hard_sounds()[:20]:
            assert sum(one.push(pcm.tobytes())[55:70]) == 255
