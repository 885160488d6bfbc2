"""A model's optional outputs pass through every engine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible import api
from mandible.device import engines
from mandible.device.engines import Engine, HeadInfo
from mandible.models import network
from mandible.quantize.streaming import streaming_bytes
from tests.cli.command import SAMPLE, succeed
from tests.engines.hops import random_hops, speech_hops
from tests.parity.make_network import Shape, whole
from tests.parity.sequences import run_streaming

HEADS = {"laughter": 1, "voiced": 2, "arousal": 30}
SHAPES = {
    "heads last": Shape(heads=HEADS),
    "logits last": Shape(heads=HEADS, logits_at=3),
    "logits between": Shape(channels=9, stem_taps=1, heads=HEADS, logits_at=1),
    "heads with a memory": Shape(heads=HEADS, logits_at=2, head_taps=3),
}
TOLERANCE_STEPS = {"litert": 8, "onnx": 2}  # of random weights, which tell neighbours worse than trained ones


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "heads.tflite"
    path.write_bytes(streaming_bytes(whole(request.param), path))
    return path


def shown(engine: Engine, hops: NDArray[np.int8]) -> list[NDArray[np.int64]]:
    """Return what every head says: (n, channels) each, in the model's order."""
    rows = []
    for hop in hops:
        engine.step(hop)
        rows.append(engine.head_values())
    return [np.array([row[head.name] for row in rows]) for head in engine.heads]


@pytest.mark.parametrize("name", engines.available())
def test_every_engine_shows_them(name: str, model: Path) -> None:
    hops = np.concatenate([speech_hops()[100:200], random_hops(100)])
    _, *expected = run_streaming(model.read_bytes(), hops)
    found = shown(engines.create(name, model), hops)
    assert [values.shape for values in found] == [(len(hops), channels) for channels in HEADS.values()]
    for one, other in zip(found, expected, strict=True):
        assert len(np.unique(other)) > 5  # a constant would agree with anything
        assert np.abs(one - other.astype(int)).max() <= TOLERANCE_STEPS.get(name, 0)


@pytest.mark.parametrize("name", engines.available())
def test_their_values_are_plain_numbers_under_their_names(name: str, model: Path) -> None:
    engine = engines.create(name, model)
    engine.step(random_hops(1)[0])
    values = engine.head_values()
    assert {head: len(numbers) for head, numbers in values.items()} == HEADS
    assert all(type(number) is int and -128 <= number <= 127 for row in values.values() for number in row)


def test_an_engine_tells_what_their_numbers_mean(model: Path) -> None:
    parsed = network.load(model)
    outputs = [parsed.layers[head.value - 1].output for head in parsed.heads]
    expected = tuple(
        HeadInfo(name, channels, output.scale, output.zero_point)
        for (name, channels), output in zip(HEADS.items(), outputs, strict=True)
    )
    for name in engines.available():
        assert engines.create(name, model).heads == expected


@pytest.mark.parametrize("name", engines.available())
def test_a_hop_shows_its_own_and_reset_starts_over(name: str, model: Path) -> None:
    engine, hops = engines.create(name, model), random_hops(30)
    first = shown(engine, hops)
    kept = engine.head_values()
    engine.step(random_hops(1, seed=9)[0])
    assert all(kept[head] == tuple(values[-1]) for head, values in zip(HEADS, first, strict=True))
    engine.reset()
    for one, other in zip(shown(engine, hops), first, strict=True):
        np.testing.assert_array_equal(one, other)


def test_jsonl_shows_them_as_real_values(tmp_path: Path) -> None:
    model, tracks = tmp_path / "heads.tflite", {}
    model.write_bytes(streaming_bytes(whole(SHAPES["heads with a memory"]), model))
    for name in ("c", "reference", "tflite"):
        out = tmp_path / f"{name}.jsonl"
        succeed("bake", SAMPLE, "--model", model, "--engine", name, "-o", out)
        header, *rows = map(json.loads, out.read_text().splitlines())
        tracks[name] = [row["heads"] for row in rows]
        told = header["heads"]
    assert tracks["c"] == tracks["reference"] == tracks["tflite"]
    assert [(head["name"], head["channels"]) for head in told] == [*HEADS.items()]
    frames = api.bake(SAMPLE, model=str(model))[-len(tracks["c"]) :]
    for row, frame in zip(tracks["c"], frames, strict=True):
        assert frame.heads is not None
        for head in told:
            steps = np.array(row[head["name"]]) / head["scale"] + head["zero_point"]
            np.testing.assert_allclose(steps, frame.heads[head["name"]], atol=0.01)


def test_a_model_without_heads_says_nothing_of_them(tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    succeed("bake", SAMPLE, "--model", "nano", "-o", out)
    assert "heads" not in out.read_text()
    assert api.bake(SAMPLE, model="nano")[-1].heads is None
