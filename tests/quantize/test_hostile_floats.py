"""Float ``.tflite`` files that are damaged or of another family: one line, and never anything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from mandible.errors import InputError
from mandible.models import released
from mandible.quantize import ai_edge, float_model, ranges
from tests.engines.hops import SEQUENCE_MODEL
from tests.engines.surgery import changed, operator, rename_operator, set_data, tensor
from tests.quantize import networks


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return networks.write(networks.family(), tmp_path_factory.mktemp("float") / "float.tflite")


def option(kind: str, name: str, value: int) -> Any:
    return lambda model: setattr(operator(model, kind).builtinOptions, name, value)


def shape(name: str, value: list[int]) -> Any:
    return lambda model: setattr(tensor(model, name), "shape", value)


def look_ahead(model: Any) -> None:
    set_data(model, "stem_pad/amounts", np.array([[0, 0], [1, 1], [0, 0], [0, 0]], "<i4"))


def infinite(model: Any) -> None:
    set_data(model, "logits/bias", np.full(15, np.inf, "<f4"))


def int8_input(model: Any) -> None:
    tensor(model, "mel").type = schema.TensorType.INT8


def read_too_early(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.operators = graph.operators[2:]


def no_outputs(model: Any) -> None:
    model.subgraphs[0].outputs = []


def another_output(model: Any) -> None:
    graph = model.subgraphs[0]
    names = [one.name for one in graph.tensors]
    graph.outputs = [names.index(b"stem")]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda m: rename_operator(m, "ADD", "LSTM"), r"operator 5 \(LSTM\): ours are PAD, CONV_2D"),
        (lambda m: rename_operator(m, "ADD", "MUL"), r"operator 5 \(MUL\)"),
        (lambda m: rename_operator(m, "PAD", "SPACE_TO_BATCH_ND"), "convert it with a fixed length"),
        (option("CONV_2D", "strideH", 2), r"operator 1 \(CONV_2D\): its stride is not 1"),
        (option("CONV_2D", "padding", 0), "SAME padding, which looks ahead"),
        (option("CONV_2D", "fusedActivationFunction", 2), "fused activation 2 is not one of"),
        (option("DEPTHWISE_CONV_2D", "dilationHFactor", 2), "reaches back 8 frames but is padded by 4"),
        (option("DEPTHWISE_CONV_2D", "depthMultiplier", 2), "depth multiplier is not 1"),
        (look_ahead, r"operator 0 \(PAD\): it pads something else than the front"),
        (infinite, "no finite numbers"),
        (int8_input, "'mel' is int8: quantised already; name the float model"),
        (shape("mel", [1, 50, 40]), "'mel' has rank 3, not 4"),
        (shape("mel", [1, 50, 1, 39]), r"its input is not \[1, T, 1, 40\]"),
        (shape("stem", [1, 50, 12]), "'stem' has rank 3"),
        (shape("stem/weights", [12, 1, 3, 40]), r"kernel has shape \[12, 1, 3, 40\]; kernels are \(k, 1\)"),
        (read_too_early, "which no layer computes before it"),
        (no_outputs, "it has no output"),
        (another_output, "its outputs have 12 channels; the logits are 15"),
    ],
)
def test_another_family_is_refused_by_operator_and_fix(
    source: Path, tmp_path: Path, edit: Any, words: str
) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(changed(source, edit))
    with pytest.raises(InputError, match=words) as caught:
        float_model.load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_what_is_quantised_already_is_told_so(tmp_path: Path) -> None:
    model = networks.family()
    found = ranges.observed(model, networks.pieces())
    made = {
        "dynamic": (ai_edge.dynamic(model), "streams|1 inputs|inputs; a whole-sequence"),
        "whole": (ai_edge.int8(model, found), "quantised already"),
    }
    for name, (data, words) in made.items():
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(data)
        with pytest.raises(InputError, match=words):
            float_model.load(path)
    with pytest.raises(InputError, match="quantised already"):
        float_model.load(SEQUENCE_MODEL)
    with pytest.raises(InputError, match="'mel' is int8: quantised already; name the float model"):
        float_model.load(released.resolve("nano").path)


def test_a_truncated_file_is_refused_wherever_it_ends(source: Path, tmp_path: Path) -> None:
    data, path = source.read_bytes(), tmp_path / "cut.tflite"
    for end in range(0, len(data), len(data) // 60):
        path.write_bytes(data[:end])
        with pytest.raises(InputError, match=r"cut\.tflite"):
            float_model.load(path)


def test_flipped_bytes_give_one_line_or_a_whole_network(source: Path, tmp_path: Path) -> None:
    data, path = bytearray(source.read_bytes()), tmp_path / "flipped.tflite"
    rng = np.random.default_rng(5)
    refused = 0
    # Most of a file is weights; what can be misread stands at its two ends.
    places = np.concatenate([rng.integers(0, 2500, 100), rng.integers(len(data) - 2500, len(data), 100)])
    for place in places.tolist():
        spoilt = data.copy()
        spoilt[place] ^= int(rng.integers(1, 256))
        path.write_bytes(spoilt)
        said = refusal(path)
        refused += said is not None
        assert said is None or said.startswith(str(path))
    assert refused > 30


def refusal(path: Path) -> str | None:
    """What is said of a file; None where it is taken, and then it runs."""
    try:
        model = float_model.load(path)
    except InputError as error:
        return str(error)
    assert model.run(np.zeros((3, 40), np.int8)).shape == (3, 15)
    return None
