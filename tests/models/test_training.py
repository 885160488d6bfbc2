"""Training, quantising and releasing in small: needs TensorFlow."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mandible.device import engines
from mandible.errors import InputError
from mandible.models import released, tcn
from mandible.models.train import train
from mandible.models.training import Settings, logits_of
from mandible.quantize import ptq, release
from mandible.quantize.streaming import to_streaming
from tests.models.tiny_corpus import TONE_HZ, write_source


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A corpus of a minute in six tones, English words replaced by random phones."""
    chance = random.Random(0)
    names = itertools.count()

    def some(split: str, count: int) -> dict[str, tuple[str, list[str]]]:
        return {
            f"utt{next(names)}": (split, ["SIL", *chance.choices(list(TONE_HZ), k=30), "SIL"])
            for _ in range(count)
        }

    write_source(tmp_path, "en_kathleen", {**some("train", 16), **some("dev", 2)})
    write_source(tmp_path, "en_librispeech", some("test", 2))
    return tmp_path


@pytest.mark.training
def test_a_short_training_learns_tones_and_becomes_a_model_with_a_card(tiny: Path) -> None:
    settings = Settings(size="nano", epochs=8, warm_up_steps=5, batch_chunks=1, chunk_hops=150, seed=3)
    train(tiny, settings, tiny / "first")
    train(tiny, replace(settings, epochs=1), tiny / "out", start=tiny / "first")
    release.release(tiny / "out", tiny, tiny / "toy.tflite")
    model = released.resolve(tiny / "toy.tflite")
    assert model.card["training"]["settings"]["seed"] == 3
    assert model.card["training"]["continued_from"]["settings"]["epochs"] == 8
    assert [row["source"] for row in model.card["data"]["train"]] == ["en_kathleen"]
    # Six tones are told apart far better than by chance, in both forms.
    assert model.card["metrics"]["int8"]["librispeech_test"]["accuracy"] > 0.4
    assert engines.create("reference", model.path).step(np.zeros(40, np.int8)).shape == (15,)


@pytest.mark.training
def test_a_folder_without_a_training_cannot_be_continued(tiny: Path) -> None:
    with pytest.raises(InputError, match=r"float\.h5 and training\.json are missing; train first"):
        train(tiny, Settings(), tiny / "out", start=tiny)


@pytest.mark.training
def test_int8_streaming_follows_the_float_network(tmp_path: Path) -> None:
    size = tcn.size_of("nano")
    model = tcn.build(size)
    mels = np.random.default_rng(0).integers(-60, 90, (2000, 40)).astype(np.int8)
    ptq.quantise(model, size, ptq.calibration(mels, 200, 20, 0), tmp_path / "whole.tflite")
    to_streaming(tmp_path / "whole.tflite", tmp_path / "hop.tflite")
    engine = engines.create("reference", tmp_path / "hop.tflite")
    streamed = np.stack([engine.step(mel) for mel in mels[:400]]).astype(np.float64)
    exact = logits_of(model, mels[:400])
    assert np.corrcoef(streamed.ravel(), exact.ravel())[0, 1] > 0.98
