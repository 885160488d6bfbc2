"""What an int8 ONNX file computes, against the exact engines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.device.engines.c import CEngine
from mandible.device.engines.reference import ReferenceEngine
from mandible.models import network, released
from mandible.models.heads import Head
from mandible.models.network import Network
from mandible.quantize.onnx_export import OnnxRunner, exact, int8
from mandible.quantize.streaming import streaming_bytes
from tests.engines import surgery
from tests.engines.hops import (
    STREAMING_MODEL,
    all_hops,
    extreme_hops,
    levels_of_speech,
    random_hops,
    speech_hops,
)
from tests.onnx_export.graphs import logits
from tests.parity.make_network import Shape, whole

SIZES = ("nano", "small", "base")
SHAPES = {
    "no memory": Shape(stem_taps=1, blocks=((1, 1),)),
    "odd width": Shape(channels=21, blocks=((2, 1), (4, 3), (7, 2))),
    "one channel": Shape(channels=1, blocks=((3, 1),)),
    "long stem": Shape(channels=7, stem_taps=9, blocks=((5, 4),)),
}
sizes = pytest.mark.parametrize("size", SIZES)
shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def released_network(name: str) -> Network:
    return network.load(released.resolve(name).path)


def expected(checked: Network, hops: NDArray[np.int8]) -> NDArray[np.int8]:
    engine = CEngine(checked)
    return np.array([engine.step(hop) for hop in hops])


def apart(one: NDArray[np.int8], other: NDArray[np.int8]) -> NDArray[np.int64]:
    assert len(np.unique(one)) > 10  # a constant would agree with anything
    differences: NDArray[np.int64] = np.abs(one.astype(np.int64) - other)
    return differences


def agreement(one: NDArray[np.int8], other: NDArray[np.int8]) -> float:
    return float(np.mean(one.argmax(1) == other.argmax(1)))


@sizes
def test_int8_rounds_like_the_reference_kernels(size: str) -> None:
    checked, hops = released_network(size), levels_of_speech()[:2000]
    reference, made = expected(checked, hops), logits(int8(checked), hops)
    differences = apart(reference, made)
    assert differences.max() <= 2
    assert np.mean(differences > 0) <= 0.03
    assert agreement(reference, made) >= 0.998


@sizes
def test_without_zero_points_it_stays_within_the_tolerance(size: str) -> None:
    checked, hops = released_network(size), levels_of_speech()[:2000]
    reference, made = expected(checked, hops), logits(int8(checked, symmetric=True), hops)
    differences = apart(reference, made)
    assert differences.max() <= (3 if size == "nano" else 4)
    assert np.mean(differences > 3) <= 1e-4
    assert agreement(reference, made) >= 0.97


def test_unfused_it_is_closer() -> None:
    checked, hops = released_network("small"), speech_hops()[:400]
    content, reference = int8(checked, symmetric=True), expected(checked, hops)
    fused, unfused = (
        np.mean(apart(reference, np.array([runner.step(hop) for hop in hops])) > 0)
        for runner in (OnnxRunner(content), OnnxRunner(content, fuses=False))
    )
    assert 0 < unfused < fused


@sizes
def test_exact_is_exact(size: str) -> None:
    checked = released_network(size)
    hops = np.concatenate([speech_hops()[100:250], random_hops(100), extreme_hops()[::2]])
    np.testing.assert_array_equal(logits(exact(checked), hops), expected(checked, hops))


@shapes
def test_other_networks_of_the_family(shape: Shape) -> None:
    checked = network.parse(streaming_bytes(whole(shape), Path("any.tflite")), Path("any.tflite"))
    hops = np.concatenate([speech_hops()[100:300], random_hops(200, seed=3)])
    reference = expected(checked, hops)
    np.testing.assert_array_equal(logits(exact(checked), hops), reference)
    assert np.mean(apart(reference, logits(int8(checked), hops)) > 0) <= 0.02
    assert apart(reference, logits(int8(checked, symmetric=True), hops)).max() <= 2


@pytest.mark.parametrize("divisor", [3.0, 1024.0, 5000.0])
def test_coarse_and_fine_scales(divisor: float, tmp_path: Path) -> None:
    path = tmp_path / "finer.tflite"
    path.write_bytes(surgery.changed(STREAMING_MODEL, surgery.finer(divisor)))
    checked, hops = network.load(path), all_hops(200)[-600:]
    np.testing.assert_array_equal(logits(exact(checked), hops), expected(checked, hops))


def test_clamps_inside_of_int8_hold() -> None:
    """As a RELU6 has them whose output reaches beyond 6, or whose zero point is not the lower end."""
    checked, hops = network.load(STREAMING_MODEL), all_hops(200)[-700:]
    layers = tuple(
        replace(layer, output=replace(layer.output, low=-60, high=20)) if number % 3 == 0 else layer
        for number, layer in enumerate(checked.layers[:-1])
    )
    clamped = replace(checked, layers=(*layers, checked.layers[-1]))
    reference = expected(clamped, hops)
    assert not np.array_equal(reference, expected(checked, hops))
    np.testing.assert_array_equal(logits(exact(clamped), hops), reference)
    assert apart(reference, logits(int8(clamped), hops)).max() <= 1
    assert apart(reference, logits(int8(clamped, symmetric=True), hops)).max() <= 3


def test_heads_are_outputs_between_the_logits_and_the_states() -> None:
    checked, hops = network.load(STREAMING_MODEL), speech_hops()[:200]
    value = len(checked.layers) - 2
    head = Head("voiced", value, checked.layers[value - 1].channels)
    shown = ReferenceEngine(replace(checked, layers=checked.layers[:value], logits_value=-1))
    runner = OnnxRunner(exact(replace(checked, heads=(head,))))
    for hop in hops:
        np.testing.assert_array_equal(runner.outputs(hop)["voiced"].reshape(-1), shown.step(hop))
