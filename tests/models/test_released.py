"""The released models: found by name, equal to their cards, refused when damaged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from mandible.device import engines
from mandible.device.frontend import log_mel
from mandible.errors import InputError
from mandible.models import card, corpus, failures, network, released
from mandible.models.tcn import size_of
from mandible.models.visemes import VISEME_NAMES, Viseme

ALLOWED_OPS = {"CONCATENATION", "SLICE", "CONV_2D", "DEPTHWISE_CONV_2D", "ADD"}


@pytest.fixture(params=released.names())
def model(request: pytest.FixtureRequest) -> released.ModelFile:
    return released.resolve(request.param)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The small model without its card."""
    return Path(shutil.copy(released.resolve("small").path, tmp_path / "mine.tflite"))


def test_every_size_and_lookahead_is_released() -> None:
    assert set(released.names()) == {"nano", "small", "base", "small-0ms", "small-50ms"}


def test_the_card_is_of_this_file(model: released.ModelFile) -> None:
    assert model.sha256 == hashlib.sha256(model.path.read_bytes()).hexdigest() == model.card["sha256"]
    for key, value in card.facts(model.path).items():
        assert model.card[key] == value, key


def test_the_model_has_the_form_every_engine_expects(model: released.ModelFile) -> None:
    said = model.card
    assert set(said["ops"]) <= ALLOWED_OPS
    assert said["visemes"] == list(VISEME_NAMES)
    assert said["input"] == {
        "name": "mel", "meaning": card.FEATURES, "shape": [1, 1, 1, 40], "type": "int8", "scale": 1 / 32,
        "zero_point": 0,
    }  # fmt: skip
    assert said["output"]["meaning"] == card.LOGITS
    assert said["heads"] == []
    assert said["output"]["shape"] == [1, 1, 1, 15]
    assert {state["type"] for state in said["states"]} == {"int8"}
    remembered = sum(state["shape"][1] for state in said["states"])
    assert remembered == size_of(said["size"]).receptive_hops - 1
    loaded = network.load(model.path)
    assert said["parameters"] == loaded.parameters
    assert (loaded.input_scale, loaded.input_zero_point) == (1 / 32, 0)


def test_the_card_tells_data_licences_split_seed_and_figures(model: released.ModelFile) -> None:
    said = model.card
    assert said["lookahead_ms"] == model.lookahead_ms == said["training"]["settings"]["lookahead_ms"]
    assert isinstance(said["training"]["settings"]["seed"], int)
    assert len(said["training"]["history"]) == said["training"]["settings"]["epochs"]
    assert said["split"]
    assert set(said["metrics"]) == {"float", "int8"}
    assert set(said["metrics"]["int8"]) >= {"librispeech_test", "speechocean762_test", "emodb"}
    for row in said["data"]["train"]:
        assert corpus.may_train(row["source"]), row["source"]
        assert row["licence"] in said["licences"]
        assert row["hours"] > 0
        assert row["speakers"] > 0


def test_the_card_tells_languages_and_known_failures_from_its_own_figures(
    model: released.ModelFile,
) -> None:
    said = model.card
    assert {"de", "en", "ru"} <= {language[:2] for language in said["languages"]}
    assert said["known_failures"] == failures.known_failures(said["metrics"])
    assert any("Of the closures" in sentence for sentence in said["known_failures"])


def test_quantising_costs_at_most_half_a_point(model: released.ModelFile) -> None:
    figures = model.card["metrics"]
    for name, exact in figures["float"].items():
        for figure in ("accuracy", "macro_f1"):
            coarse = figures["int8"][name]["argmax"]["figures"][figure]
            assert coarse >= exact["argmax"]["figures"][figure] - 0.005, (name, figure)


def test_lips_close_for_p_b_m_on_unseen_speakers(model: released.ModelFile) -> None:
    heard = model.card["metrics"]["int8"]["librispeech_test"]
    for reading in ("argmax", "decoded"):
        found = heard[reading]["figures"]["bilabial_recall"]
        assert found >= (0.80 if model.card["size"] == "nano" else 0.85), reading


@pytest.mark.parametrize("level", [3, 10, 30, 60])
def test_a_quiet_room_is_silence_from_the_first_hop(model: released.ModelFile, level: int) -> None:
    hiss = np.random.default_rng(level).normal(0, level, 8000).astype(np.int16)
    engine = engines.create("c", model.path)
    said = [int(engine.step(hop).argmax()) for hop in log_mel(hiss)]
    assert np.mean([one == Viseme.sil for one in said]) >= 0.9


def test_a_model_elsewhere_needs_no_card(copy: Path) -> None:
    found = released.resolve(copy)
    assert (found.path, found.name, found.card) == (copy, "mine", {})
    assert found.lookahead_ms == released.DEFAULT_LOOKAHEAD_MS


def test_a_card_beside_a_model_is_believed(copy: Path) -> None:
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    words = {"name": "night", "sha256": digest, "lookahead_ms": 50}
    released.card_path(copy).write_text(json.dumps(words), encoding="utf-8")
    found = released.resolve(str(copy))
    assert (found.name, found.lookahead_ms) == ("night", 50)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sha256": "0" * 64}, r"mine\.tflite: its sha256 is not the one in mine\.card\.json"),
        ({"lookahead_ms": "30"}, r"a model card needs 'lookahead_ms' \(int\)"),
        ({"lookahead_ms": -10}, r"lookahead_ms -10 must lie between 0 and 1000"),
    ],
)
def test_a_wrong_card_is_named(copy: Path, change: dict[str, object], message: str) -> None:
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    words = {"name": "night", "sha256": digest, "lookahead_ms": 50, **change}
    released.card_path(copy).write_text(json.dumps(words), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        released.resolve(copy)


def test_a_torn_card_is_named(copy: Path) -> None:
    released.card_path(copy).write_text('{"name": ', encoding="utf-8")
    with pytest.raises(InputError, match="not a readable model card"):
        released.resolve(copy)


@pytest.mark.parametrize("damage", ["one bit", "cut short"])
def test_a_damaged_released_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    for path in released.FOLDER.glob("small.*"):
        shutil.copy(path, tmp_path)
    data = bytearray((tmp_path / "small.tflite").read_bytes())
    if damage == "one bit":
        data[len(data) // 2] ^= 1
    else:
        del data[-1000:]
    (tmp_path / "small.tflite").write_bytes(data)
    monkeypatch.setattr(released, "FOLDER", tmp_path)
    with pytest.raises(InputError, match=r"small\.tflite: its sha256 is not the one.*reinstall"):
        released.resolve("small")


def test_an_unknown_name_lists_the_released_ones() -> None:
    with pytest.raises(
        InputError, match=r"model 'smal' is neither a released model \(.*small.*\) nor a file"
    ):
        released.resolve("smal")


def test_a_card_is_written_whole(copy: Path) -> None:
    path = card.write(copy, "mine", {"lookahead_ms": 30})
    assert path == released.card_path(copy)
    assert released.resolve(copy).card["parameters"] > 0
    assert sorted(entry.name for entry in copy.parent.iterdir()) == ["mine.card.json", "mine.tflite"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "not a readable model card"),
        ('{"lookahead_ms": ' + "9" * 5000 + "}", "not a readable model card"),
        ('{"name": "m", "sha256": "", "lookahead_ms": true}', "needs 'lookahead_ms'"),
        ('{"name": "\\ud800", "sha256": "", "lookahead_ms": 30}', r'name "\ud800" must hold'),
        ('{"name": "a\\nb", "sha256": "", "lookahead_ms": 30}', r'name "a\nb" must hold'),
        ('{"name": "m", "sha256": "", "lookahead_ms": 1' + "0" * 300 + "}", "must lie between 0 and 1000"),
    ],
)
def test_a_hostile_card_is_one_line(text: str, reason: str, copy: Path) -> None:
    released.card_path(copy).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        released.resolve(copy)
    assert reason in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_a_card_that_is_a_pipe_is_not_waited_for(copy: Path) -> None:
    os.mkfifo(released.card_path(copy))
    with pytest.raises(InputError, match="not a regular file"):
        released.resolve(copy)


def test_long_names_are_no_models_and_have_no_cards(copy: Path) -> None:
    with pytest.raises(InputError, match="neither a released model") as caught:
        released.resolve("x" * 5000)
    assert len(str(caught.value)) < 300
    long = copy.rename(copy.with_name("x" * 248 + ".tflite"))
    assert released.resolve(long).card == {}
