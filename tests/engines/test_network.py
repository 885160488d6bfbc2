"""The reader describes a model exactly, and refuses what is none of ours by naming what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from mandible.errors import InputError
from mandible.models import network, tflite_file
from mandible.models.fixed_point import multiply, quantize_multiplier
from mandible.models.network import Add, Conv, Depthwise
from mandible.models.network_builder import build_layers
from tests.engines.hops import SEQUENCE_MODEL, STREAMING_MODEL
from tests.engines.surgery import Edit, changed, operator, rename_operator, set_data, tensor
from tests.parity.make_network import Shape, whole

NETWORK = network.load(STREAMING_MODEL)


def test_layers_of_the_test_model() -> None:
    kinds = [type(layer) for layer in NETWORK.layers]
    assert kinds == [Conv, *4 * [Depthwise, Conv, Add], Conv]
    assert (NETWORK.input_channels, NETWORK.input_scale, NETWORK.input_zero_point) == (40, 1 / 32, 0)
    assert NETWORK.output_channels == 15
    assert [ring.ring_frames for ring in NETWORK.rings] == [2, 4, 8, 16, 32]
    assert [ring.dilation for ring in NETWORK.rings] == [1, 1, 2, 4, 8]
    assert NETWORK.parameters == 40 * 3 * 20 + 4 * (5 * 20 + 20 * 20) + 20 * 15 + 9 * 20 + 15


def test_quantisation_is_what_the_interpreter_says() -> None:
    interpreter = Interpreter(str(STREAMING_MODEL))
    logits = interpreter.get_output_details()[0]
    assert (NETWORK.output_scale, NETWORK.output_zero_point) == pytest.approx(logits["quantization"], abs=0)
    for ring, state in zip(NETWORK.rings, interpreter.get_input_details()[1:], strict=True):
        assert ring.input_zero_point == state["quantization"][1]
        assert [1, ring.ring_frames, 1, ring.ring_channels] == state["shape"].tolist()


def test_a_network_cannot_be_changed() -> None:
    for layer in NETWORK.temporal_and_pointwise:
        for array in (layer.weights, layer.bias, layer.significands, layer.shifts):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
    with pytest.raises(AttributeError):
        NETWORK.input_scale = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    "real", [0.0, 1e-12, 0.00123, 0.25, 0.4999999999, 0.5, 0.75, 0.9999999999, 1.0, 700.3]
)
def test_a_multiplier_is_within_its_last_bit(real: float) -> None:
    significand, shift = quantize_multiplier(real)
    assert significand == 0 or 1 << 30 <= significand < 1 << 31
    assert significand * 2.0 ** (shift - 31) == pytest.approx(real, rel=2**-31, abs=2**-32)


def gemmlowp(value: int, significand: int, shift: int) -> int:
    """The published formulas, to the letter: truncating division, then rounding half away from zero."""
    product = (value << max(shift, 0)) * significand
    nudge = 1 << 30 if product >= 0 else 1 - (1 << 30)
    quotient = abs(product + nudge) // (1 << 31)
    high = quotient if product + nudge >= 0 else -quotient
    right = max(-shift, 0)
    mask = (1 << right) - 1
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))


def test_multiply_is_gemmlowp_to_the_letter() -> None:
    rng = np.random.default_rng(0)
    for shift in range(-31, 8):
        values = np.concatenate(
            [rng.integers(-(2**22), 2**22, 40), [0, 1, -1, 2**22, -(2**22)], 1 << np.arange(20)]
        )
        for significand in (0, 1 << 30, (1 << 31) - 1, int(rng.integers(1 << 30, 1 << 31))):
            expected = [gemmlowp(int(v), significand, shift) for v in values]
            assert multiply(values, significand, shift).tolist() == expected


def _scale(name: str, *values: float) -> Edit:
    return lambda m: setattr(tensor(m, name).quantization, "scale", list(values))


def _shape(name: str, *values: int) -> Edit:
    return lambda m: setattr(tensor(m, name), "shape", list(values))


def _option(kind: str, option: str, value: int) -> Edit:
    return lambda m: setattr(operator(m, kind).builtinOptions, option, value)


def _swap_states(m: Any) -> None:
    graph = m.subgraphs[0]
    inputs, outputs = list(graph.inputs), list(graph.outputs)
    inputs[2:4], outputs[2:4] = inputs[3:1:-1], outputs[3:1:-1]
    graph.inputs, graph.outputs = inputs, outputs


def _without_bias(m: Any) -> None:
    operator(m, "CONV_2D").inputs = operator(m, "CONV_2D").inputs[:2]


def _zero_point(name: str, value: int) -> Edit:
    def edit(m: Any) -> None:
        points = tensor(m, name).quantization.zeroPoint
        tensor(m, name).quantization.zeroPoint = [value] * len(points)

    return edit


DEFECTS: dict[str, tuple[Edit, str]] = {
    "operator": (
        lambda m: rename_operator(m, "ADD", "MUL"),
        r"operator 7 \(MUL\): ours are .*; fold batch normalisation into the convolutions",
    ),
    "recurrent": (lambda m: rename_operator(m, "ADD", "LSTM"), r"it is recurrent; train a causal model"),
    "rank": (_shape("mel", 1, 40), "'mel' has rank 2, not 4"),
    "features": (_shape("mel", 1, 1, 1, 39), "not 40 features"),
    "logits": (_shape("logits", 1, 1, 1, 14), "'logits' has shape"),
    "feature scale": (_scale("mel", 0.03), "scale 1/32"),
    "no scale": (_scale("mel"), "needs one scale"),
    "float": (lambda m: setattr(tensor(m, "conv_2d_2"), "type", 0), "'conv_2d_2' is float32, not int8"),
    "state scale": (_scale("next_state_1", 0.5), "'state_1' and its successor differ in scale"),
    "state zero point": (_zero_point("next_state_1", 3), "'state_1' and its successor differ in scale"),
    "window scale": (_scale("window_1", 0.5), "differ in scale or zero point"),
    "state shape": (_shape("next_state_1", 1, 5, 1, 20), "'state_1' and its successor differ in shape"),
    "window shape": (_shape("window_1", 1, 6, 1, 20), "its output has shape"),
    "dilation": (_option("DEPTHWISE_CONV_2D", "dilationHFactor", 3), r"not \[1, 13, 1, 20\]"),
    "dilation 0": (_option("DEPTHWISE_CONV_2D", "dilationHFactor", 0), "dilation is impossible"),
    "stride": (_option("CONV_2D", "strideH", 2), "stride is not 1"),
    "padding": (_option("CONV_2D", "padding", 0), "pads its input"),
    "activation": (_option("CONV_2D", "fusedActivationFunction", 4), "fused activation 4"),
    "multiplier": (_option("DEPTHWISE_CONV_2D", "depthMultiplier", 2), "depth multiplier is 2"),
    "axis": (_option("CONCATENATION", "axis", 3), "does not join along time"),
    "bias": (_without_bias, "it has 2 inputs"),
    "weights' zero point": (_zero_point("conv_2d_2/weights", 1), "int8 weights are symmetric"),
    "weights' scales": (_scale("conv_2d_2/weights", 0.1, 0.2), "one scale, or one per output channel"),
    "weights' axis": (
        lambda m: setattr(tensor(m, "conv_2d_2/weights").quantization, "quantizedDimension", 1),
        "scales along axis 1",
    ),
    "weights' shape": (_shape("conv_2d_2/weights", 20, 3, 2, 20), "its weights have shape"),
    "not a number": (_scale("conv_2d_2", float("nan")), "has the impossible scale nan; copy the model again"),
    "bias scale": (_scale("conv_2d_2/bias", 1.0), "not input scale x weight scale"),
    "overflow": (
        lambda m: set_data(m, "conv_2d_2/bias", np.full(20, 2**31 - 1, np.int32)),
        "32-bit sum would overflow",
    ),
    "constant's size": (lambda m: set_data(m, "conv_2d_2/bias", np.zeros(19, np.int32)), "76 bytes of data"),
    "slice": (
        lambda m: set_data(m, "next_state_0/begin", np.zeros(4, np.int32)),
        "does not drop exactly the oldest",
    ),
    "slice size": (
        lambda m: set_data(m, "next_state_0/size", np.ones(4, np.int32)),
        "keeps another size",
    ),
    "order of states": (_swap_states, "not used once, and in order"),
    "order of operators": (lambda m: m.subgraphs[0].operators.reverse(), "before any operator computes it"),
    "two graphs": (lambda m: m.subgraphs.append(m.subgraphs[0]), "2 graphs instead of one"),
    "unused output": (
        lambda m: m.subgraphs[0].operators.pop(),
        "output 0 is not what a layer computes",
    ),
    "outside buffer": (
        lambda m: setattr(m.buffers[tensor(m, "conv_2d_2/bias").buffer], "offset", 4096),
        "outside the flatbuffer",
    ),
    "tensor number": (
        lambda m: setattr(operator(m, "ADD"), "inputs", [0, 999]),
        "tensor number lies outside",
    ),
    "options": (lambda m: setattr(operator(m, "ADD"), "builtinOptionsType", 1), "no ADD options"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_named_in_one_line(defect: str, tmp_path: Path) -> None:
    edit, message = DEFECTS[defect]
    path = tmp_path / "model.tflite"
    path.write_bytes(changed(STREAMING_MODEL, edit))
    with pytest.raises(InputError, match=message) as refused:
        network.load(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def test_a_model_that_takes_whole_sequences_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "whole.tflite"
    for content in (SEQUENCE_MODEL.read_bytes(), whole(Shape(frames=1))):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"takes whole sequences; .*streaming\.to_streaming\(OLD, NEW\)"):
            network.load(path)
    path.write_bytes(
        changed(SEQUENCE_MODEL, lambda m: setattr(tensor(m, "serving_default_mel:0"), "type", 0))
    )
    with pytest.raises(InputError, match=r"it is float32 and takes whole sequences; .* mandible quantize"):
        network.load(path)


def test_layers_cannot_claim_more_weights_than_the_file_holds() -> None:
    graph = tflite_file.parse(STREAMING_MODEL.read_bytes(), STREAMING_MODEL)
    with pytest.raises(InputError, match="more than the file has bytes"):
        build_layers(replace(graph, file_bytes=1000), STREAMING_MODEL)


def test_a_state_cannot_claim_the_memory(tmp_path: Path) -> None:
    def vast(m: Any) -> None:
        for name, frames in (("state_1", 10**6), ("next_state_1", 10**6), ("window_1", 10**6 + 1)):
            tensor(m, name).shape = [1, frames, 1, 20]

    path = tmp_path / "vast.tflite"
    path.write_bytes(changed(STREAMING_MODEL, vast))
    with pytest.raises(InputError, match="states need more than 1024 KiB"):
        network.load(path)


def test_a_vast_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "vast.tflite"
    with path.open("wb") as file:
        file.truncate(tflite_file.MAX_FILE_BYTES + 1)
    with pytest.raises(InputError, match="larger than 16 MiB"):
        network.load(path)


def test_taking_apart_and_putting_together_changes_nothing(tmp_path: Path) -> None:
    """The defects above are the only reason for their refusals."""
    path = tmp_path / "same.tflite"
    path.write_bytes(changed(STREAMING_MODEL, lambda model: None))
    assert network.load(path).parameters == NETWORK.parameters
