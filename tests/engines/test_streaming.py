"""From a whole-sequence model to a streaming one, or a clear refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.models import network
from mandible.quantize.streaming import to_streaming
from tests.engines.hops import SEQUENCE_MODEL, STREAMING_MODEL
from tests.engines.surgery import Edit, changed, operator, rename_operator


def test_the_committed_streaming_model_is_what_the_rewrite_makes(tmp_path: Path) -> None:
    target = tmp_path / "streaming.tflite"
    report = to_streaming(SEQUENCE_MODEL, target)
    assert target.read_bytes() == STREAMING_MODEL.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["streaming.tflite"]
    assert report.file_bytes == target.stat().st_size
    assert report.parameters == network.load(target).parameters
    assert [(state.name, state.frames, state.channels) for state in report.states] == [
        ("state_0", 2, 40),
        ("state_1", 4, 20),
        ("state_2", 8, 20),
        ("state_3", 16, 20),
        ("state_4", 32, 20),
    ]
    assert set(report.operators) == {"CONCATENATION", "SLICE", "CONV_2D", "DEPTHWISE_CONV_2D", "ADD"}


def test_weights_are_aligned_for_vector_units() -> None:
    content = STREAMING_MODEL.read_bytes()
    for layer in network.load(STREAMING_MODEL).temporal_and_pointwise:
        assert content.index(layer.weights.tobytes()) % 16 == 0


def _paddings(rows: list[list[int]]) -> Edit:
    def edit(model: Any) -> None:
        buffer = model.subgraphs[0].tensors[operator(model, "PAD").inputs[1]].buffer
        model.buffers[buffer].data = np.array(rows, np.int32).view(np.uint8).reshape(-1)

    return edit


def _requantised_pad(model: Any) -> None:
    model.subgraphs[0].tensors[operator(model, "PAD", 1).outputs[0]].quantization.scale = [0.5]


REFUSED: dict[str, tuple[Edit, str]] = {
    "operator": (lambda m: rename_operator(m, "ADD", "MUL"), r"operator 5 \(MUL\) is not one of PAD"),
    "lookahead": (_paddings([[0, 0], [1, 1], [0, 0], [0, 0]]), r"operator 0 \(PAD\) pads something else"),
    "too little padding": (
        _paddings([[0, 0], [1, 0], [0, 0], [0, 0]]),
        "reaches back 2 frames but is padded by 1",
    ),
    "SAME padding": (lambda m: setattr(operator(m, "CONV_2D").builtinOptions, "padding", 0), "looks ahead"),
    "requantising pad": (_requantised_pad, "changes the quantisation"),
    "no bias": (
        lambda m: setattr(operator(m, "CONV_2D"), "inputs", operator(m, "CONV_2D").inputs[:2]),
        r"operator 1 \(CONV_2D\) has no bias",
    ),
    "float": (lambda m: setattr(m.subgraphs[0].tensors[0], "type", 0), "quantise the model first"),
    "rank": (lambda m: setattr(m.subgraphs[0].tensors[0], "shape", [96, 40]), r"instead of \[1, T, 1, C\]"),
    "stride": (lambda m: setattr(operator(m, "CONV_2D").builtinOptions, "strideH", 2), "stride is not 1"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_another_graph_is_refused_and_the_old_target_stays(reason: str, tmp_path: Path) -> None:
    edit, message = REFUSED[reason]
    source, target = tmp_path / "source.tflite", tmp_path / "target.tflite"
    source.write_bytes(changed(SEQUENCE_MODEL, edit))
    target.write_bytes(b"old")
    with pytest.raises(InputError, match=message) as refused:
        to_streaming(source, target)
    assert str(refused.value).startswith(f"{source}: ")
    assert target.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_streaming_model_is_not_a_source(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="6 inputs and 6 outputs; a whole-sequence model has one input"):
        to_streaming(STREAMING_MODEL, tmp_path / "target.tflite")


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        to_streaming(SEQUENCE_MODEL, tmp_path / "absent" / "target.tflite")
