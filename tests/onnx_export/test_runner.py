"""ONNX Runtime as an engine of the line, and the float form in it."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models import network
from mandible.quantize import float_model
from mandible.quantize.onnx_export import OnnxRunner, float32, int8
from tests.engines.hops import STREAMING_MODEL, random_hops, speech_hops


@pytest.fixture(scope="module")
def content() -> bytes:
    return int8(network.load(STREAMING_MODEL))


def test_it_says_what_it_is(content: bytes) -> None:
    runner = OnnxRunner(content)
    assert (runner.name, runner.exact) == ("onnx", False)
    assert runner.output_scale == network.load(STREAMING_MODEL).output_scale


def test_reset_starts_over(content: bytes) -> None:
    runner, hops = OnnxRunner(content), random_hops(60)
    first = [runner.step(hop) for hop in hops]
    again = [runner.step(hop) for hop in hops]
    runner.reset()
    np.testing.assert_array_equal([runner.step(hop) for hop in hops], first)
    assert not np.array_equal(first, again)  # the state matters, so the reset did something


@pytest.mark.parametrize("wrong", [np.zeros(39, np.int8), np.zeros((1, 40), np.int8), np.zeros(40, np.int16)])
def test_features_of_another_shape_are_refused(content: bytes, wrong: NDArray[np.int8]) -> None:
    with pytest.raises(ValueError, match="40 int8"):
        OnnxRunner(content).step(wrong)


@pytest.mark.parametrize("name", ["nano", "small-0ms"])
def test_the_float_form_computes_the_float_network(name: str) -> None:
    model, hops = float_model.load(name), np.concatenate([speech_hops()[:500], random_hops(100)])
    runner = OnnxRunner(float32(model))
    made = np.array([runner.outputs(hop)["logits"].reshape(-1) for hop in hops])
    wanted = model.run(hops)
    assert np.ptp(wanted) > 5
    np.testing.assert_allclose(made, wanted, atol=1e-4)


def test_the_float_form_steps_in_eighths() -> None:
    model, hops = float_model.load("nano"), speech_hops()[:200]
    runner = OnnxRunner(float32(model))
    assert runner.output_scale == 0.125
    steps = np.array([runner.step(hop) for hop in hops])
    assert steps.dtype == np.int8
    assert np.abs(steps * 0.125 - np.clip(model.run(hops), -16, 127 / 8)).max() <= 0.0626


def test_other_files_are_refused_in_one_line(content: bytes) -> None:
    for broken in (b"", b"TFL3" * 20, content[:1000], content[:-500]):
        with pytest.raises(InputError, match=r"^some\.onnx: ONNX Runtime refuses it .*; export it again$"):
            OnnxRunner(broken, "some.onnx")


@pytest.mark.parametrize("part", ["mel", "logits", "state_1", "next_state_1", "states", "mel_scale"])
def test_a_model_without_a_part_of_ours_is_refused(content: bytes, part: str) -> None:
    model = onnx.load_from_string(content)
    for node in model.graph.node:
        node.input[:] = [f"{name}_" if name == part else name for name in node.input]
        node.output[:] = [f"{name}_" if name == part else name for name in node.output]
    for value in (*model.graph.input, *model.graph.output):
        value.name += "_" * (value.name == part)
    for entry in model.metadata_props:
        entry.key += "_" * (entry.key == part)
    with pytest.raises(InputError, match=r"not a streaming model that mandible exported .*mandible export"):
        OnnxRunner(model.SerializeToString())


@pytest.mark.parametrize("told", ["", "[1]", '{"a": 1}', '[{"name": "state_0"}]', "[null]", "[" * 5000])
def test_damaged_metadata_are_refused(content: bytes, told: str) -> None:
    model = onnx.load_from_string(content)
    next(entry for entry in model.metadata_props if entry.key == "states").value = told
    with pytest.raises(InputError, match="not a streaming model"):
        OnnxRunner(model.SerializeToString())


def test_a_state_is_never_filled_with_what_does_not_fit(content: bytes) -> None:
    model = onnx.load_from_string(content)
    entry = next(entry for entry in model.metadata_props if entry.key == "states")
    entry.value = entry.value.replace('"zero_point": -128', '"zero_point": 300')
    with pytest.raises(InputError, match="not a streaming model"):
        OnnxRunner(model.SerializeToString())


def test_what_loads_but_does_not_run_is_refused_at_once(
    content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load_from_string(content)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "group" and attribute.i > 1:
                attribute.i = 0
    del model.graph.value_info[:]
    with pytest.raises(InputError, match="ONNX Runtime refuses it"):
        OnnxRunner(model.SerializeToString())
    assert capfd.readouterr() == ("", "")
