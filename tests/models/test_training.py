"""Training, quantising and releasing in small: needs TensorFlow."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.cli.main import main
from mandible.device import engines
from mandible.errors import InputError
from mandible.models import float_weights, released, tcn
from mandible.models.reproduce import Plain
from mandible.models.settings import Settings
from mandible.models.train import Selection, Show, train
from mandible.models.training import build, logits_for, logits_of
from mandible.quantize import ptq, release
from mandible.quantize.streaming import to_streaming
from tests.models.tiny_corpus import TONE_HZ, write_source

pytestmark = pytest.mark.training
QUICK = Settings(
    size="nano",
    epochs=8,
    warm_up_steps=5,
    batch_chunks=1,
    chunk_hops=150,
    seed=3,
    copies=1,
    precision="float32",
)


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


def trained_on(tiny: Path, settings: Settings, name: str, **more: Any) -> dict[str, Any]:
    return train(Selection((tiny,)), settings, tiny / name, Plain(), cache=tiny / "cache", **more)


def test_a_short_training_learns_tones_and_becomes_a_model_with_a_card(tiny: Path) -> None:
    trained_on(tiny, QUICK, "first")
    first = tiny / "first" / float_weights.FILE
    trained_on(tiny, replace(QUICK, epochs=1), "out", start=first)
    assert "8 epochs" in (tiny / "first" / "report.html").read_text(encoding="utf-8")
    release.release(tiny / "out", [tiny], tiny / "toy.tflite")
    model = released.resolve(tiny / "toy.tflite")
    assert model.card["training"]["settings"]["seed"] == 3
    assert model.card["training"]["start_sha256"] == float_weights.sha256_of(first)
    assert [row["source"] for row in model.card["data"]["train"]] == ["en_kathleen"]
    assert engines.create("reference", model.path).step(np.zeros(40, np.int8)).shape == (15,)
    release.measure_again(model.path, [tiny])
    assert released.resolve(model.path).card == model.card
    # Six tones are told apart far better than by chance.
    assert max(row["dev_accuracy"] for row in model.card["training"]["history"]) > 0.4


def test_a_teacher_is_trained_and_learned_from(tiny: Path) -> None:
    quick = replace(QUICK, epochs=2)
    trained_on(tiny, replace(quick, size="teacher", batch_chunks=2), "teacher")
    weights = tiny / "teacher" / float_weights.FILE
    taught = trained_on(tiny, quick, "taught", teacher_weights=weights)
    untaught = trained_on(tiny, quick, "untaught")
    assert taught["teacher_sha256"] == float_weights.sha256_of(weights)
    assert taught["history"][-1]["loss"] != untaught["history"][-1]["loss"]


def test_a_training_that_was_cut_off_ends_as_if_it_had_not_been(tiny: Path) -> None:
    class Cut(Exception):  # noqa: N818
        pass

    def cut_in_the_third_epoch() -> Show:
        plain, left = Plain(), itertools.count()

        def work(name: str, steps: int) -> Any:
            def step() -> None:
                if name == "learning" and next(left) > 2 * steps / QUICK.epochs:
                    raise Cut

            return step

        return Show(work, plain.say)

    whole = trained_on(tiny, replace(QUICK, epochs=4), "whole")
    with pytest.raises(Cut):
        train(
            Selection((tiny,)),
            replace(QUICK, epochs=4),
            tiny / "cut",
            cut_in_the_third_epoch(),
            cache=tiny / "cache",
        )
    assert not (tiny / "cut" / "training.json").exists()
    resumed = trained_on(tiny, replace(QUICK, epochs=4), "cut")
    losses = [[row["loss"] for row in record["history"]] for record in (whole, resumed)]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


def test_another_training_does_not_overwrite_the_one_in_the_folder(tiny: Path) -> None:
    trained_on(tiny, replace(QUICK, epochs=1), "out")
    with pytest.raises(InputError, match="holds a training with other settings"):
        trained_on(tiny, replace(QUICK, epochs=2), "out")


def test_the_verb_trains_as_a_card_says(
    tiny: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = {"training": {"settings": replace(QUICK, epochs=1).described()}}
    (tiny / "toy.card.json").write_text(json.dumps(card), encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tiny / "cache"))
    words = ["train", "--corpus", str(tiny), "-o", str(tiny / "out"), "--card", str(tiny / "toy.card.json")]
    assert main([*words, "--seed", "5", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["settings"] == {**card["training"]["settings"], "seed": 5}
    assert (tiny / "out" / "report.html").exists()


def test_weights_of_another_size_are_refused(tiny: Path) -> None:
    float_weights.save(build(replace(QUICK, size="small")), tiny / "small.npz")
    with pytest.raises(InputError, match="belong to a network of another size"):
        trained_on(tiny, QUICK, "out", start=tiny / "small.npz")


def test_a_recording_cut_in_pieces_gives_what_it_gives_whole() -> None:
    mels = np.random.default_rng(0).integers(-60, 90, (701, 40)).astype(np.int8)
    for size in ("nano", "teacher"):
        settings = replace(QUICK, size=size)
        model = build(settings)
        reach = 130
        ahead = reach if size == "teacher" else 0
        pieces = logits_of(model, mels, reach, ahead, piece_hops=200)
        assert np.allclose(pieces, logits_for(model, mels, settings), atol=1e-4)


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
