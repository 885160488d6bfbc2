"""Float networks: folded, written, read back, and run in numpy as LiteRT runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models import array_file, float_weights, released
from mandible.quantize import float_model, float_writer
from mandible.quantize.float_layers import FloatAdd
from mandible.quantize.float_model import FloatModel
from mandible.quantize.tflite_runner import TfliteRunner
from tests.engines.hops import random_hops, speech_hops
from tests.quantize import networks

SHAPES: list[dict[str, Any]] = [
    {},
    {"channels": 5, "dilations": (), "stem_taps": 1},
    {"channels": 24, "dilations": (3, 1, 7), "stem_taps": 2, "taps": 3},
    {"channels": 9, "dilations": (16,), "taps": 2, "head_channels": 3},
]


def in_litert(data: bytes, mels: NDArray[np.int8]) -> list[NDArray[np.float32]]:
    """Every output of a whole-sequence model, (hops, channels) each."""
    interpreter = Interpreter(model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    features = (mels.astype(np.float32) / 32)[None, :, None]
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], features)
    interpreter.invoke()
    return [interpreter.get_tensor(one["index"])[0, :, 0] for one in interpreter.get_output_details()]


@pytest.mark.parametrize("shape", SHAPES)
def test_numpy_computes_what_litert_computes_for_any_shape(shape: dict[str, Any]) -> None:
    model = networks.family(**shape)
    mels = random_hops(networks.SEQUENCE_HOPS)
    values = model.values(mels)
    data = float_writer.whole_sequence(model.layers, model.outputs, len(mels))
    for number, shown in zip(model.outputs, in_litert(data, mels), strict=True):
        np.testing.assert_allclose(shown, values[number], atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_one_hop_at_a_time_gives_the_same_logits(shape: dict[str, Any]) -> None:
    model = networks.family(**shape)
    mels = random_hops(120)
    runner = TfliteRunner(float_writer.one_hop(model.layers, model.outputs), exact=True)
    np.testing.assert_allclose(runner.run(mels), model.run(mels), atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_float_file_is_read_back_layer_by_layer(shape: dict[str, Any], tmp_path: Path) -> None:
    model = networks.family(**shape)
    again = float_model.load(networks.write(model, tmp_path / "mine.tflite"))
    assert again.name == "mine"
    assert (again.outputs, again.heads) == (model.outputs, model.heads)
    for one, other in zip(model.layers, again.layers, strict=True):
        assert (type(one), one.name, one.activation) == (type(other), other.name, other.activation)
        if not isinstance(one, FloatAdd) and not isinstance(other, FloatAdd):
            assert np.array_equal(one.weights, other.weights)
            assert np.array_equal(one.bias, other.bias)
            assert (one.source, one.dilation) == (other.source, other.dilation)


@pytest.mark.parametrize("name", ["nano", "small"])
def test_a_released_name_gives_the_float_network_of_its_int8_twin(name: str) -> None:
    model = float_model.load(name)
    said = released.resolve(name).card
    assert (model.name, model.lookahead_ms, model.parameters) == (name, 30, said["parameters"])
    assert model.card["training"] == said["training"]
    mels = speech_hops()[:300]
    assert model.run(mels).shape == (300, 15)


def test_a_long_recording_is_run_in_pieces_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    model = float_model.load("nano")
    mels = speech_hops()[:500]
    whole = model.values(mels)[model.logits_value]
    monkeypatch.setattr(float_model, "PIECE_HOPS", 90)
    np.testing.assert_allclose(model.run(mels), whole, atol=1e-5)
    assert model.run(mels[:0]).shape == (0, 15)


def stored(tmp_path: Path, change: Any) -> Path:
    arrays = array_file.read(float_weights.find("nano"), ("<f4",), 1 << 22)
    arrays = {name: values.copy() for name, values in arrays.items()}
    change(arrays)
    path = tmp_path / "mine.float.npz"
    array_file.write(path, arrays)
    return path


def spoilt(name: str, value: float) -> Any:
    def change(arrays: dict[str, NDArray[np.float32]]) -> None:
        arrays[name].reshape(-1)[0] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.popitem(), "66 arrays are no network of the family"),
        (lambda arrays: arrays.clear(), "0 arrays are no network"),
        (spoilt("000 stem/kernel:0", np.nan), "no finite numbers"),
        (spoilt("004 stem_bn/moving_variance:0", -1), "negative variance"),
        (
            lambda arrays: arrays.update({"002 stem_bn/beta:0": np.zeros(47, np.float32)}),
            "of no network of the family",
        ),
    ],
)
def test_weights_of_another_network_are_refused_in_one_line(tmp_path: Path, change: Any, words: str) -> None:
    path = stored(tmp_path, change)
    with pytest.raises(InputError, match=words) as caught:
        float_model.load(path)
    assert str(caught.value).startswith(str(path))


def test_weights_without_a_card_are_named_after_their_file(tmp_path: Path) -> None:
    model = float_model.load(stored(tmp_path, lambda arrays: None))
    assert (model.name, model.lookahead_ms, model.card) == ("mine", 30, {})


def test_what_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    for name, words in (
        ("nobody", "no such model; name a released one"),
        (str(tmp_path / "notes.txt"), "a float model ends in .keras"),
        (str(tmp_path / "empty"), "training.json are missing"),
    ):
        with pytest.raises(InputError, match=words):
            float_model.load(name)


def test_features_of_another_shape_are_a_mistake_in_the_program() -> None:
    model: FloatModel = networks.family()
    with pytest.raises(ValueError, match=r"features are \(n, 40\) int8"):
        model.run(np.zeros((5, 39), np.int8))
