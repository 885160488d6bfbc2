"""Keras files, and training that feels the rounding: needs TensorFlow."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.cli.main import main
from mandible.errors import InputError
from mandible.models import float_weights, network, tcn, training
from mandible.models.layers import Conv
from mandible.models.reproduce import Plain
from mandible.models.settings import Settings
from mandible.quantize import aware, calibration, float_model, keras_network, ranges, recipes
from mandible.quantize.recipes import Request
from tests.engines.hops import random_hops, speech_hops
from tests.engines.make_model import randomise
from tests.models.tiny_corpus import TONE_HZ, write_source
from tests.quantize import networks

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def nano() -> Any:
    """The released float network in Keras."""
    model = training.build(Settings(size="nano", precision="float32"))
    path = float_weights.find("nano")
    float_weights.put(float_weights.load(path), model, path)
    return model


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A corpus of a minute in six tones."""
    chance, names = random.Random(0), itertools.count()

    def some(split: str, count: int) -> dict[str, tuple[str, list[str]]]:
        return {
            f"utt{next(names)}": (split, ["SIL", *chance.choices(list(TONE_HZ), k=30), "SIL"])
            for _ in range(count)
        }

    write_source(tmp_path / "corpus", "en_kathleen", {**some("train", 16), **some("dev", 2)})
    return tmp_path / "corpus"


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_keras_file_gives_what_keras_gives(nano: Any, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mine.{suffix}"
    nano.save(path)
    model = float_model.load(path)
    mels = np.concatenate([speech_hops()[:200], random_hops(100)])
    np.testing.assert_allclose(model.run(mels), training.logits_of(nano, mels), atol=2e-5)
    released = float_model.load("nano")
    assert [layer.name for layer in model.layers] == [layer.name for layer in released.layers]
    np.testing.assert_allclose(model.run(mels), released.run(mels), atol=2e-5)


def test_another_width_depth_and_a_head_pass_too(tmp_path: Path) -> None:
    keras = tcn.keras()
    base = tcn.build(tcn.Size(20, 3))
    randomise(base)
    voiced = keras.layers.Conv2D(2, 1, name="voiced")(base.get_layer("block2_relu").output)
    model = keras.Model(base.input, [base.output, voiced])
    model.save(tmp_path / "two.keras")
    found = float_model.load(tmp_path / "two.keras")
    assert [(head.name, head.channels) for head in found.heads] == [("voiced", 2)]
    mels = random_hops(80)
    shown = model(training.as_input(mels[None]), training=False)
    values = found.values(mels)
    for number, exact in zip(found.outputs, shown, strict=True):
        np.testing.assert_allclose(values[number], exact.numpy()[0, :, 0], atol=2e-5)


def test_a_training_folder_needs_no_keras_to_be_read(nano: Any, tmp_path: Path) -> None:
    float_weights.save(nano, tmp_path / float_weights.FILE)
    settings = Settings(size="nano", lookahead_ms=50).described()
    (tmp_path / "training.json").write_text(json.dumps({"settings": settings}))
    model = float_model.load(tmp_path)
    assert (model.lookahead_ms, model.card["size"]) == (50, "nano")
    (tmp_path / "training.json").write_text(json.dumps({"settings": Settings(size="teacher").described()}))
    with pytest.raises(InputError, match="a teacher hears ahead"):
        float_model.load(tmp_path)


def other(kind: str) -> Any:
    layers = tcn.keras().layers
    mel = layers.Input((None, 1, 40))
    if kind == "lambda":
        x = layers.Lambda(lambda x: x * 2)(mel)
    elif kind == "lstm":
        x = layers.Reshape((-1, 1, 8))(layers.LSTM(8, return_sequences=True)(layers.Reshape((-1, 40))(mel)))
    elif kind == "wrong rank":
        mel = layers.Input((None, 40))
        x = layers.Dense(15)(mel)
        return tcn.keras().Model(mel, x)
    elif kind == "not causal":
        x = layers.Conv2D(8, (3, 1), padding="same")(mel)
    else:
        x = layers.Conv2D(8, 1, activation="tanh")(mel)
    return tcn.keras().Model(mel, layers.Conv2D(15, 1)(x))


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("lambda", r"\(Lambda\) is none of the family"),
        ("lstm", r"\((LSTM|Reshape)\) is none of the family"),
        ("wrong rank", r"\(Dense\) is none of the family"),
        ("not causal", "SAME padding, which looks ahead"),
        ("tanh", r"\(TANH\)"),
    ],
)
def test_another_family_is_refused_by_layer(tmp_path: Path, kind: str, words: str, suffix: str) -> None:
    path = tmp_path / f"other.{suffix}"
    other(kind).save(path)
    with pytest.raises(InputError, match=words) as caught:
        float_model.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_no_code_in_a_file_is_run(tmp_path: Path, suffix: str) -> None:
    mark = tmp_path / "ran"
    keras = tcn.keras()
    mel = keras.layers.Input((None, 1, 40))
    # Its body travels in the file as bytecode, and runs where the file is loaded carelessly.
    layer = keras.layers.Lambda(lambda x, place=str(mark): (__import__("pathlib").Path(place).touch(), x)[1])
    path = tmp_path / f"evil.{suffix}"
    keras.Model(mel, keras.layers.Conv2D(15, 1)(layer(mel))).save(path)
    mark.unlink(missing_ok=True)
    with pytest.raises(InputError, match="Lambda"):
        float_model.load(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            {"module": "os", "class_name": "system", "config": {"name": "x"}},
            "module 'os' is none of the family",
        ),
        ({"module": "builtins", "class_name": "function", "config": "exec"}, r"\(function\)"),
        ({"module": "keras.utils", "class_name": "get_file", "config": {}}, r"\(get_file\)"),
        ({"module": "builtins", "class_name": "__lambda__", "config": {"value": "x"}}, r"\(__lambda__\)"),
    ],
)
def test_nothing_a_file_names_is_imported(
    nano: Any, tmp_path: Path, entry: dict[str, Any], words: str
) -> None:
    nano.save(tmp_path / "good.keras")
    with (
        zipfile.ZipFile(tmp_path / "good.keras") as good,
        zipfile.ZipFile(tmp_path / "evil.keras", "w") as evil,
    ):
        for name in good.namelist():
            data = good.read(name)
            if name == "config.json":
                config = json.loads(data)
                config["config"]["layers"][2]["config"]["kernel_initializer"] = entry
                data = json.dumps(config).encode()
            evil.writestr(name, data)
    with pytest.raises(InputError, match=words):
        float_model.load(tmp_path / "evil.keras")


def test_truncated_and_foreign_files_are_one_line(nano: Any, tmp_path: Path) -> None:
    for suffix in ("keras", "h5"):
        path = tmp_path / f"whole.{suffix}"
        nano.save(path)
        data = path.read_bytes()
        for end in (0, 10, len(data) // 3, len(data) - 200):
            path.write_bytes(data[:end])
            with pytest.raises(InputError, match="whole"):
                float_model.load(path)
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as file:
        file.writestr("config.json", "[" * 100_000)
        file.writestr("metadata.json", "{}")
        file.writestr("model.weights.h5", "")
    with pytest.raises(InputError, match="damaged Keras file"):
        float_model.load(tmp_path / "other.keras")


def test_a_folded_network_comes_back_from_keras(nano: Any) -> None:
    model = networks.family(head_channels=2)
    built = keras_network.build(model)
    again = keras_network.taken(built, model)
    mels = random_hops(60)
    assert np.array_equal(again.run(mels), model.run(mels))
    shown = built(training.as_input(mels[None]), training=False)[0].numpy()[0, :, 0]
    np.testing.assert_allclose(shown, model.run(mels), atol=1e-5)


def test_ranges_begin_where_the_float_network_has_them() -> None:
    model = networks.family()
    found = ranges.observed(model, networks.pieces(4))
    twin = keras_network.quantised(keras_network.build(model), found)
    learned = keras_network.ranges_of(twin, {})
    assert set(learned) == set(model.value_names)
    for name, (low, high) in found.items():
        assert learned[name] == pytest.approx((low, high), abs=1e-5)


def test_training_gives_an_int8_model_as_good_as_its_twin(tiny: Path, tmp_path: Path) -> None:
    model = float_model.load("nano")
    request = Request(model, calibration.gather(tiny), (tiny,), epochs=2)
    made = recipes.make(recipes.named("int8-qat"), request)
    parsed = network.parse(made.data, Path("qat.tflite"))
    assert parsed.parameters == model.parameters
    history = made.told["quantisation_training"]["history"]
    assert [row["epoch"] for row in history] == [0, 1, 2]
    best = max(row["dev_accuracy"] for row in history)
    assert best > history[0]["dev_accuracy"]
    # Both heard the dev speakers; the twin in float with rounding, the model in integers.
    assert made.accuracy > made.float_accuracy


def test_pruned_weights_stay_zero_in_the_file(tiny: Path) -> None:
    model = float_model.load("nano")
    request = Request(model, calibration.gather(tiny), (tiny,), epochs=2, sparsity=0.6)
    made = recipes.make(recipes.named("int8-pqat"), request)
    plain = recipes.make(recipes.named("int8-ptq"), request)
    parsed = network.parse(made.data, Path("pqat.tflite"))
    # Not the logits, which are spared.
    pruned = [layer.weights for layer in parsed.layers if isinstance(layer, Conv)][:-1]
    zeros = sum(int((weights == 0).sum()) for weights in pruned) / sum(weights.size for weights in pruned)
    # A channel that lost all its weights gets one of them back, next to nothing.
    assert zeros > 0.59
    assert made.told["quantisation_training"]["sparsity"] > 0.5
    assert made.download_bytes < 0.85 * plain.download_bytes
    assert len(made.data) == len(plain.data)


def test_masks_remove_the_smallest_of_each_layer() -> None:
    model = networks.family()
    masks = aware.smallest_removed(model, 0.5)
    assert "logits" not in masks
    assert not any(name.endswith("depth") for name in masks)
    for name, mask in masks.items():
        layer = next(one for one in model.layers if one.name == name)
        size = np.abs(layer.weights)  # type: ignore[union-attr]
        assert size[mask == 1].min() >= size[mask == 0].max()
        assert mask.mean() == pytest.approx(0.5, abs=0.02)


def test_the_verb_trains_and_writes(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "m.tflite"
    words = ["quantize", "nano", "--recipe", "int8-qat", "--corpus", str(tiny), "--epochs", "1"]
    assert main([*words, "-o", str(target), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["chosen"], said["tried"][0]["measure"]) == ("int8-qat", "accuracy")
    assert network.load(target).output_scale == 1 / 8


def test_too_little_to_train_with_is_one_line(tmp_path: Path) -> None:
    write_source(tmp_path, "en_kathleen", {"a": ("train", ["AA", "SIL"]), "b": ("dev", ["AA", "M"])})
    model = networks.family()
    found = ranges.observed(model, networks.pieces(2))
    with pytest.raises(InputError, match="too little speech to train with"):
        aware.train(model, found, [tmp_path], aware.Plan(1, 1e-4), Plain(), tmp_path / "cache")


def test_a_file_of_the_newer_keras_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "three.keras"
    code = (
        "import keras, sys\n"
        "x = mel = keras.layers.Input((None, 1, 40))\n"
        "x = keras.layers.ZeroPadding2D(((2, 0), (0, 0)))(x)\n"
        "x = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(keras.layers.Conv2D(8, (3, 1))(x)))\n"
        "keras.Model(mel, keras.layers.Conv2D(15, 1)(x)).save(sys.argv[1])\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True)
    model = float_model.load(path)
    assert [layer.name for layer in model.layers] == ["stem", "logits"]
    assert model.run(random_hops(20)).shape == (20, 15)
