"""Every exact engine computes the same bytes; the fast one stays within its tolerance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import mandible.models
from mandible.device import engines
from mandible.device.engines.c import CEngine
from mandible.device.engines.reference import ReferenceEngine
from mandible.models import network
from tests.engines import surgery
from tests.engines.hops import (
    GOLDEN,
    SEQUENCE_MODEL,
    STREAMING_MODEL,
    all_hops,
    extreme_hops,
    levels_of_speech,
    random_hops,
    speech_hops,
)
from tests.engines.interpreters import run_micro, run_whole_sequences

EXACT = ("reference", "tflite", "c")
FAST = ("litert", "onnx")
RELEASED = sorted((Path(mandible.models.__file__).parent / "released").glob("*.tflite"))
MODELS = [STREAMING_MODEL, *RELEASED]
model_names = pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
released_names = pytest.mark.parametrize("model", RELEASED, ids=lambda path: path.stem)


def run(name: str, model: Path, hops: NDArray[np.int8]) -> NDArray[np.int8]:
    engine = engines.create(name, model)
    return np.array([engine.step(hop) for hop in hops])


def test_every_engine_is_here_but_what_this_machine_cannot_have() -> None:
    assert {*EXACT, *FAST} == set(engines.available())


def test_there_is_a_released_model_to_test() -> None:
    assert RELEASED


@model_names
def test_exact_engines_agree_byte_for_byte(model: Path) -> None:
    hops = all_hops()
    assert len(hops) > 2000
    expected = run("tflite", model, hops)
    assert len(np.unique(expected)) > 20  # a constant output would agree with anything
    np.testing.assert_array_equal(run("c", model, hops), expected)
    np.testing.assert_array_equal(run("reference", model, hops), expected)


@model_names
def test_the_microcontroller_interpreter_agrees_byte_for_byte(model: Path) -> None:
    hops = np.concatenate([speech_hops(), random_hops(1000, seed=5), extreme_hops()])
    np.testing.assert_array_equal(run_micro(model, hops), run("c", model, hops))


def test_streaming_equals_whole_sequence() -> None:
    hops = np.concatenate([speech_hops(), random_hops(1200, seed=9)])
    expected = run_whole_sequences(SEQUENCE_MODEL, hops)
    engine = engines.create("tflite", STREAMING_MODEL)
    assert expected.shape[0] * expected.shape[1] > 2000
    for sequence, logits in zip(
        hops[: expected[..., 0].size].reshape(*expected.shape[:2], -1), expected, strict=True
    ):
        engine.reset()
        np.testing.assert_array_equal([engine.step(hop) for hop in sequence], logits)


@pytest.mark.parametrize("name", EXACT)
def test_golden_vectors(name: str) -> None:
    golden = np.load(GOLDEN)
    np.testing.assert_array_equal(run(name, STREAMING_MODEL, golden["mel"]), golden["logits"])


@released_names
@pytest.mark.parametrize("name", FAST)
def test_a_fast_engine_stays_within_its_tolerance(name: str, model: Path) -> None:
    hops = levels_of_speech()
    assert len(hops) > 4000
    exact, fast = run("c", model, hops).astype(int), run(name, model, hops).astype(int)
    apart = np.abs(exact - fast)
    assert apart.max() <= 3
    assert np.mean(exact.argmax(1) == fast.argmax(1)) >= 0.97


@pytest.mark.parametrize("name", engines.available())
def test_reset_starts_over(name: str) -> None:
    hops = random_hops(100)
    engine = engines.create(name, STREAMING_MODEL)
    first = [engine.step(hop) for hop in hops]
    again = [engine.step(hop) for hop in hops]
    engine.reset()
    np.testing.assert_array_equal([engine.step(hop) for hop in hops], first)
    assert not np.array_equal(first, again)  # the state matters, so the reset did something


@pytest.mark.parametrize("name", engines.available())
@pytest.mark.parametrize("wrong", [np.zeros(39, np.int8), np.zeros((1, 40), np.int8), np.zeros(40, np.int16)])
def test_features_of_another_shape_are_refused(name: str, wrong: NDArray[np.int8]) -> None:
    with pytest.raises(ValueError, match="40 int8"):
        engines.create(name, STREAMING_MODEL).step(wrong)


@pytest.mark.parametrize("divisor", [3.0, 40.0, 1024.0, 5000.0])
def test_coarse_and_fine_scales_agree_too(divisor: float, tmp_path: Path) -> None:
    path = tmp_path / "finer.tflite"
    path.write_bytes(surgery.changed(STREAMING_MODEL, surgery.finer(divisor)))
    hops = all_hops(300)
    expected = run("tflite", path, hops)
    np.testing.assert_array_equal(run("c", path, hops), expected)
    np.testing.assert_array_equal(run("reference", path, hops), expected)


def test_one_scale_for_all_channels_and_plain_relu_agree(tmp_path: Path) -> None:
    def simplified(model: object) -> None:
        for kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            layer = surgery.operator(model, kind)
            layer.builtinOptions.fusedActivationFunction = 1  # RELU
            source, weights, bias = (model.subgraphs[0].tensors[i].quantization for i in layer.inputs)  # type: ignore[attr-defined]
            weights.scale, weights.zeroPoint = weights.scale[:1], [0]
            bias.scale, bias.zeroPoint = [source.scale[0] * weights.scale[0]], [0]

    path = tmp_path / "simplified.tflite"
    path.write_bytes(surgery.changed(STREAMING_MODEL, simplified))
    hops = all_hops(300)
    expected = run("tflite", path, hops)
    np.testing.assert_array_equal(run("c", path, hops), expected)
    np.testing.assert_array_equal(run("reference", path, hops), expected)


def test_engines_do_not_share_state() -> None:
    shared = network.load(STREAMING_MODEL)
    for kind in (CEngine, ReferenceEngine):
        hops = random_hops(20)
        one, other = kind(shared), kind(shared)
        first = [one.step(hop) for hop in hops]
        np.testing.assert_array_equal([other.step(hop) for hop in hops], first)
