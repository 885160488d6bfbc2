"""What an exported file looks like: what TensorRT and others rely on before they run it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import shape_inference

from mandible.models import network, released
from mandible.models.network import Network
from mandible.models.visemes import VISEME_NAMES
from mandible.quantize import float_model
from mandible.quantize.onnx_export import exact, float32, int8
from mandible.quantize.onnx_export.graph import OPSET, kernel
from tests.onnx_export.graphs import constants, nodes, operators, shapes

# Operators that NVIDIA lists for the ONNX parser of TensorRT 8.5 and later.
KNOWN_TO_TENSORRT = {
    "Add",
    "Clip",
    "Concat",
    "Conv",
    "DequantizeLinear",
    "Identity",
    "QuantizeLinear",
    "Relu",
    "Slice",
}


@pytest.fixture(scope="module")
def nano() -> Network:
    return network.load(released.resolve("nano").path)


@pytest.fixture(scope="module")
def every_form(nano: Network) -> dict[str, Any]:
    """The same model in every form."""
    made = {
        "int8": int8(nano),
        "symmetric": int8(nano, symmetric=True),
        "exact": exact(nano),
        "float32": float32(float_model.load("nano")),
    }
    return {name: onnx.load_from_string(content) for name, content in made.items()}


def test_every_form_passes_the_checker_with_shapes_for_every_tensor(every_form: dict[str, Any]) -> None:
    for name, model in every_form.items():
        onnx.checker.check_model(model, full_check=True)
        inferred = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        known = {value.name for value in inferred.graph.value_info}
        known |= {value.name for value in inferred.graph.output}
        computed = {output for node in model.graph.node for output in node.output}
        assert computed == known, name
        assert [entry.version for entry in model.opset_import] == [OPSET]


def test_the_bytes_are_those_that_the_package_onnx_would_write(
    every_form: dict[str, Any], nano: Network
) -> None:
    for name, content in {"int8": int8(nano), "exact": exact(nano)}.items():
        assert every_form[name].SerializeToString(deterministic=True) == content


def test_inputs_and_outputs_are_those_of_the_tflite_file(nano: Network, every_form: dict[str, Any]) -> None:
    states = {
        f"state_{number}": [1, layer.ring_channels, layer.ring_frames, 1]
        for number, layer in enumerate(nano.rings)
    }
    for name, model in every_form.items():
        kind = "FLOAT" if name == "float32" else "INT8"
        inputs, outputs = shapes(model.graph.input), shapes(model.graph.output)
        assert list(inputs) == ["mel", *states]
        assert list(outputs) == ["logits", *(f"next_{state}" for state in states)]
        assert inputs["mel"] == (kind, [1, 40, 1, 1])
        assert outputs["logits"] == (kind, [1, 15, 1, 1])
        for state, shape in states.items():
            assert inputs[state] == outputs[f"next_{state}"] == (kind, shape)


def test_the_metadata_say_what_the_numbers_mean(nano: Network) -> None:
    model = onnx.load_from_string(int8(nano, {"name": "nano", "lookahead_ms": 30}, symmetric=True))
    told = {entry.key: entry.value for entry in model.metadata_props}
    assert told["name"] == "nano"
    assert json.loads(told["lookahead_ms"]) == 30
    assert json.loads(told["visemes"]) == list(VISEME_NAMES)
    assert json.loads(told["symmetric"]) is True
    assert (json.loads(told["mel_scale"]), json.loads(told["mel_zero_point"])) == (1 / 32, 0)
    assert (json.loads(told["logits_scale"]), json.loads(told["logits_zero_point"])) == (1 / 8, 0)
    states = json.loads(told["states"])
    assert [state["zero_point"] for state in states] == [layer.input_zero_point for layer in nano.rings]


def test_the_symmetric_form_has_no_zero_points(every_form: dict[str, Any]) -> None:
    model = every_form["symmetric"]
    stored = constants(model)
    quantising = nodes(model, "QuantizeLinear", "DequantizeLinear")
    assert len(quantising) > 40
    for node in quantising:
        assert not np.any(stored[node.input[2]]), node.name
    others = constants(every_form["int8"])
    assert any(np.any(values) for name, values in others.items() if name.endswith("zero_point"))


def test_the_symmetric_form_has_only_operators_of_tensorrt(every_form: dict[str, Any]) -> None:
    assert operators(every_form["symmetric"]) <= KNOWN_TO_TENSORRT
    assert operators(every_form["float32"]) <= KNOWN_TO_TENSORRT
    assert not operators(every_form["exact"]) <= KNOWN_TO_TENSORRT  # so the test can fail


def test_every_symmetric_convolution_is_as_tensorrt_fuses_it(
    nano: Network, every_form: dict[str, Any]
) -> None:
    """Real weights that become the network's own, and a real bias: version 8 reads no others."""
    model, layers = every_form["symmetric"], iter(nano.temporal_and_pointwise)
    stored = constants(model)
    made_by = {output: node for node in model.graph.node for output in node.output}
    for node in nodes(model, "Conv"):
        activations, weights, bias = node.input
        assert stored[bias].dtype == np.float32
        assert made_by[activations].op_type == made_by[weights].op_type == "DequantizeLinear"
        quantiser = made_by[made_by[weights].input[0]]
        assert quantiser.op_type == "QuantizeLinear"
        real, scales, _ = (stored[name] for name in quantiser.input)
        assert real.dtype == np.float32
        assert list(made_by[weights].input[1:]) == list(quantiser.input[1:])
        rounded = np.rint(real / scales.reshape(-1, 1, 1, 1))
        np.testing.assert_array_equal(rounded, kernel(next(layers).weights))
    assert next(layers, None) is None


def test_the_weights_are_those_of_the_network(nano: Network, every_form: dict[str, Any]) -> None:
    for name in ("int8", "exact"):
        stored = constants(every_form[name])
        kept = np.concatenate(
            [values.ravel() for key, values in stored.items() if key.endswith("weights_int8")]
        )
        wanted = np.concatenate([layer.weights.ravel() for layer in nano.temporal_and_pointwise])
        np.testing.assert_array_equal(np.sort(kept), np.sort(wanted))


def test_the_same_network_gives_the_same_bytes(nano: Network) -> None:
    """The cache of engines goes by them."""
    assert int8(nano, symmetric=True) == int8(nano, symmetric=True)
