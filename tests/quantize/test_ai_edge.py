"""What the quantiser makes of a float network: the right scales, close logits, honest mixed precision."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.device import engines
from mandible.errors import DeviceError, InputError
from mandible.models import network, tflite_file
from mandible.models.network import Network
from mandible.quantize import ai_edge, float_model, int8_values, layer_error, ranges
from mandible.quantize.float_layers import FloatConv
from mandible.quantize.float_model import FloatModel
from mandible.quantize.ranges import Ranges
from mandible.quantize.streaming import streaming_bytes
from mandible.quantize.tflite_runner import TfliteRunner
from tests.engines.hops import all_hops, speech_hops
from tests.quantize import networks

NAME = Path("quantised.tflite")


@pytest.fixture(scope="module")
def nano() -> FloatModel:
    return float_model.load("nano")


@pytest.fixture(scope="module")
def found(nano: FloatModel) -> Ranges:
    return ranges.observed(nano, networks.pieces())


@pytest.fixture(scope="module")
def int8(nano: FloatModel, found: Ranges) -> bytes:
    return streaming_bytes(ai_edge.int8(nano, found), NAME)


def sqnr_db(model: FloatModel, data: bytes, mels: NDArray[np.int8]) -> float:
    exact = model.run(mels)
    return layer_error.sqnr_db(exact, TfliteRunner(data, exact=True).run(mels) - exact)


def test_input_and_output_have_the_scales_of_every_model(int8: bytes) -> None:
    made = network.parse(int8, NAME)
    assert (made.input_scale, made.input_zero_point) == (1 / 32, 0)
    assert (made.output_scale, made.output_zero_point) == (1 / 8, 0)


def test_the_int8_network_says_nearly_what_the_float_one_says(nano: FloatModel, int8: bytes) -> None:
    mels = speech_hops()
    logits = TfliteRunner(int8, exact=True).run(mels)
    assert (logits.argmax(axis=1) == nano.run(mels).argmax(axis=1)).mean() > 0.94
    assert sqnr_db(nano, int8, mels) > 24


def test_the_exact_engines_run_it_byte_for_byte_alike(int8: bytes, tmp_path: Path) -> None:
    path = tmp_path / "made.tflite"
    path.write_bytes(int8)
    mels = all_hops(200)[-500:]
    shown = [
        np.stack([engine.step(mel) for mel in mels])
        for engine in (engines.create(name, path) for name in ("c", "tflite"))
    ]
    assert np.array_equal(*shown)


@pytest.mark.parametrize("source", ["nano", "small"])
def test_every_value_of_an_int8_network_is_the_reference_engines(source: str) -> None:
    made: Network = network.load(engines_path(source))
    mels = all_hops(100)[-400:]
    reference = engines.create("reference", engines_path(source))
    logits = np.stack([reference.step(mel) for mel in mels])
    assert np.array_equal(int8_values.values(made, mels)[made.logits_value], logits)


def engines_path(name: str) -> Path:
    from mandible.models import released

    return released.resolve(name).path


def test_a_head_survives_quantising() -> None:
    model = networks.family(head_channels=2)
    data = ai_edge.int8(model, ranges.observed(model, networks.pieces()))
    made = network.parse(streaming_bytes(data, NAME), NAME)
    assert [(head.name, head.channels) for head in made.heads] == [("voiced", 2)]
    mels = speech_hops()[:200]
    head = made.heads[0]
    steps = int8_values.values(made, mels)[head.value]
    output = made.layers[head.value - 1].output
    shown = (steps - output.zero_point) * output.scale
    exact = model.values(mels)[model.heads[0].value]
    assert layer_error.sqnr_db(exact, (shown - exact).astype(np.float32)) > 20


def test_int16_layers_bring_the_logits_closer_and_the_states_carry_it(
    nano: FloatModel, found: Ranges, int8: bytes
) -> None:
    mels = speech_hops()
    # The family's rounding is mostly that of its widest values, before the additions.
    names = ["stem", *(f"block{block}_point" for block in range(6))]
    mixed = ai_edge.mixed(nano, found, names)
    assert sqnr_db(nano, mixed, mels) > sqnr_db(nano, int8, mels) + 3
    graph = tflite_file.parse(mixed, NAME)
    kinds = {graph.tensors[number].name: graph.tensors[number].kind for number in graph.inputs}
    # State 1 holds what the stem said.
    assert kinds == {"mel": "int8", "state_1": "int16", **{f"state_{n}": "int8" for n in (0, 2, 3, 4, 5, 6)}}
    following = [graph.tensors[number] for number in graph.outputs[1:]]
    for state, after in zip(graph.inputs[1:], following, strict=True):
        before = graph.tensors[state]
        assert (before.kind, before.scales, before.zero_points) == (
            after.kind,
            after.scales,
            after.zero_points,
        )
    assert (graph.tensors[graph.outputs[0]].kind, graph.tensors[graph.outputs[0]].scales) == ("int8", 1 / 8)


def test_an_int16_depthwise_value_needs_no_state(nano: FloatModel, found: Ranges) -> None:
    graph = tflite_file.parse(ai_edge.mixed(nano, found, ["block2_depth"]), NAME)
    assert {graph.tensors[number].kind for number in (*graph.inputs, *graph.outputs)} == {"int8"}
    assert "QUANTIZE" in [operator.name for operator in graph.operators]


def test_no_exact_engine_takes_what_is_not_int8(nano: FloatModel, found: Ranges, tmp_path: Path) -> None:
    path = tmp_path / "other.tflite"
    for data, words in (
        (ai_edge.mixed(nano, found, ["block0_point"]), r"operator \d+ \(QUANTIZE\)"),
        (ai_edge.mixed(nano, found, ["block0_add"]), "is int16, not int8"),
        (ai_edge.float16(nano), "input 0|is float32, not int8"),
        (ai_edge.dynamic(nano), "input 0|is float32, not int8"),
    ):
        path.write_bytes(data)
        for name in ("c", "reference"):
            with pytest.raises(InputError, match=words) as caught:
                engines.create(name, path)
            assert "\n" not in str(caught.value)


def test_only_inner_layers_may_be_int16(nano: FloatModel, found: Ranges) -> None:
    with pytest.raises(InputError, match="--int16 logits: an output stays int8"):
        ai_edge.mixed(nano, found, ["logits"])
    with pytest.raises(
        InputError, match="--int16 block9_point: no such layer; this model has stem, block0_depth"
    ):
        ai_edge.mixed(nano, found, ["block9_point"])


def test_float_recipes_are_closer_and_run_in_litert(nano: FloatModel, int8: bytes) -> None:
    mels = speech_hops()[:400]
    half, eighth = ai_edge.float16(nano), ai_edge.dynamic(nano)
    assert sqnr_db(nano, half, mels) > 50
    assert 28 < sqnr_db(nano, eighth, mels) < sqnr_db(nano, half, mels)
    assert len(eighth) < len(int8) < len(half)


def test_a_range_of_nothing_is_no_division_by_zero() -> None:
    model = networks.family()
    nothing = dict.fromkeys(model.value_names, (0.0, 0.0))
    data = streaming_bytes(ai_edge.int8(model, ranges.fixed(model, nothing)), NAME)
    assert network.parse(data, NAME).parameters == model.parameters


def test_a_narrowed_range_leaves_out_only_the_rarest() -> None:
    model = float_model.load("nano")
    whole, narrow = (ranges.observed(model, networks.pieces(), share) for share in (1.0, 0.999))
    values = np.concatenate([model.values(piece)[3] for piece in networks.pieces()])
    low, high = narrow["block0_point"]
    assert whole["block0_point"][0] < low < 0 < high < whole["block0_point"][1]
    assert 0.9985 < ((values >= low) & (values <= high)).mean() < 0.9999
    assert narrow["mel"] == whole["mel"] == (-4, 127 / 32)


def test_without_the_quantiser_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_quantizer", None)
    with pytest.raises(DeviceError, match=r"run: pip install ai-edge-quantizer=="):
        ai_edge.dynamic(networks.family())


def test_a_dead_channel_beside_a_bias_does_not_overflow() -> None:
    model = networks.family()
    layers = list(model.layers)
    dead = layers[2]
    assert isinstance(dead, FloatConv)
    weights, bias = dead.weights.copy(), dead.bias.copy()
    weights[3], bias[3] = 0, 2.5
    weights[4], bias[4] = 1e-9, -3
    weights[5], bias[5] = 0, 0
    layers[2] = replace(dead, weights=weights, bias=bias)
    model = replace(model, layers=tuple(layers))
    made = network.parse(
        streaming_bytes(ai_edge.int8(model, ranges.observed(model, networks.pieces())), NAME), NAME
    )
    mels = speech_hops()[:200]
    steps = int8_values.values(made, mels)[3][:, 3:6]
    output = made.layers[2].output
    np.testing.assert_allclose(
        (steps - output.zero_point) * output.scale, [[2.5, -3, 0]] * 200, atol=output.scale
    )


def test_a_wide_network_keeps_its_constants_inside_the_file() -> None:
    model = networks.family(200, (1,))
    found = ranges.observed(model, networks.pieces(2))
    made = network.parse(streaming_bytes(ai_edge.int8(model, found), NAME), NAME)
    assert made.parameters == model.parameters
    mels = speech_hops()[:20]
    assert np.isfinite(TfliteRunner(ai_edge.mixed(model, found, ["stem"])).run(mels)).all()
