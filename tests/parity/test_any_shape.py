"""Streaming and whole-sequence forms agree byte for byte, whatever the shape of the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.device.engines.c import CEngine
from mandible.device.engines.interpreter import InterpreterEngine
from mandible.device.engines.litert import LitertEngine
from mandible.device.engines.reference import ReferenceEngine
from mandible.device.engines.tflite import TfliteEngine
from mandible.errors import InputError
from mandible.models import card, network
from mandible.models.tflite_file import parse
from mandible.quantize.streaming import streaming_bytes, to_streaming
from mandible.quantize.whole_sequence import whole_sequence
from tests.engines.hops import STREAMING_MODEL, random_hops, speech_hops
from tests.engines.interpreters import run_micro
from tests.parity.make_network import Shape, whole
from tests.parity.sequences import run_streaming, run_whole

NAME = Path("any.tflite")
HEADS = {"laughter": 1, "voiced": 2, "arousal": 3}
SHAPES = {
    "no blocks": Shape(blocks=()),
    "pointwise only": Shape(stem_taps=1, blocks=((1, 1), (1, 1))),
    "one channel": Shape(channels=1, blocks=((3, 1),)),
    "odd width": Shape(channels=21, blocks=((2, 1), (4, 3), (7, 2))),
    "every kernel": Shape(channels=6, blocks=tuple((taps, 1) for taps in range(1, 10))),
    "wide steps": Shape(channels=5, blocks=((3, 16), (2, 32), (9, 8)), frames=160),
    "long stem": Shape(channels=7, stem_taps=9, blocks=((5, 4),)),
    "deep": Shape(channels=4, blocks=((3, 1),) * 20),
    "three heads": Shape(heads=HEADS),
    "logits last": Shape(heads=HEADS, logits_at=3),
    "logits between": Shape(channels=9, stem_taps=1, heads=HEADS, logits_at=1),
    "heads with a memory": Shape(heads=HEADS, logits_at=2, head_taps=3),
}
some_shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def hops_of(shape: Shape) -> NDArray[np.int8]:
    half = shape.frames // 2
    return np.concatenate([speech_hops()[100 : 100 + half], random_hops(shape.frames - half, shape.seed)])


@some_shapes
def test_both_forms_compute_the_same_bytes_there_and_back(shape: Shape) -> None:
    source, hops = whole(shape), hops_of(shape)
    streaming = streaming_bytes(source, NAME)
    logits, *heads = run_streaming(streaming, hops)
    assert len(np.unique(logits)) > 10  # a constant would agree with anything
    expected = run_whole(source, hops)
    expected.insert(0, expected.pop(shape.logits_at))
    for one, other in zip([logits, *heads], expected, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(
        [logits, *heads], run_whole(whole_sequence(streaming, NAME, len(hops)), hops), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert [(head.name, head.channels) for head in network.parse(streaming, NAME).heads] == [
        *shape.heads.items()
    ]


@some_shapes
def test_every_engine_shows_the_logits_alone(shape: Shape, tmp_path: Path) -> None:
    content, hops, path = streaming_bytes(whole(shape), NAME), hops_of(shape), tmp_path / "any.tflite"
    path.write_bytes(content)
    parsed = network.parse(content, path)
    expected = run_streaming(content, hops)[0]
    exact = (CEngine(parsed), ReferenceEngine(parsed), ReferenceEngine(parsed.logits_only()),
             TfliteEngine(content, parsed, path))  # fmt: skip
    for engine in exact:
        np.testing.assert_array_equal([engine.step(hop) for hop in hops], expected)
    fast: InterpreterEngine = LitertEngine(content, parsed, path)
    assert np.abs(np.array([fast.step(hop) for hop in hops], int) - expected).max() <= 8
    assert parsed.output_channels == 15
    assert parsed.output_scale == fast.output_scale
    if not shape.heads:
        np.testing.assert_array_equal(run_micro(path, hops), expected)


def test_heads_are_left_out_of_what_the_logits_need() -> None:
    shape = SHAPES["heads with a memory"]
    parsed = network.parse(streaming_bytes(whole(shape), NAME), NAME)
    alone = parsed.logits_only()
    assert len(parsed.layers) == len(alone.layers) + 3
    assert len(parsed.rings) == len(alone.rings) + 3
    assert (alone.logits_value, alone.heads) == (len(alone.layers), ())
    assert alone.logits_only() is alone
    without = network.parse(streaming_bytes(whole(Shape(seed=shape.seed)), NAME), NAME)
    assert [layer.name.split("_")[0] for layer in alone.layers] == [
        layer.name.split("_")[0] for layer in without.layers
    ]


def test_a_conversion_can_be_undone_and_done_again() -> None:
    content = STREAMING_MODEL.read_bytes()
    again = streaming_bytes(whole_sequence(content, STREAMING_MODEL, 50), NAME)
    hops = random_hops(120)
    np.testing.assert_array_equal(run_streaming(again, hops)[0], run_streaming(content, hops)[0])


def test_heads_get_the_names_they_are_given(tmp_path: Path) -> None:
    source, target = tmp_path / "whole.tflite", tmp_path / "streaming.tflite"
    source.write_bytes(whole(Shape(heads=HEADS, logits_at=2)))
    report = to_streaming(source, target, ("a", "b", "c"))
    assert [head.name for head in report.heads] == ["a", "b", "c"]
    assert [head.name for head in network.load(target).heads] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a", "b"), "2 names were given for 3 heads"),
        (("a", "b", "a"), "two heads have the same name"),
        (("a", "b", "state_0"), "'state_0' cannot name a head"),
        (("a", "b", "logits"), "'logits' cannot name a head"),
        (("a", "b", "\x1b[2J"), "cannot name a head"),
        (("a", "b", "c" * 41), "cannot name a head"),
    ],
)
def test_names_that_do_not_fit_are_refused(names: tuple[str, ...], message: str, tmp_path: Path) -> None:
    source, target = tmp_path / "whole.tflite", tmp_path / "streaming.tflite"
    source.write_bytes(whole(Shape(heads=HEADS)))
    with pytest.raises(InputError, match=message):
        to_streaming(source, target, names)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.tflite"]


@pytest.mark.parametrize(("heads", "count"), [({"other": 15}, 2), ({"a": 15, "b": 15}, 3)])
def test_logits_that_cannot_be_told_from_a_head_are_refused(heads: dict[str, int], count: int) -> None:
    with pytest.raises(
        InputError, match=f"{count} of its outputs have 15 channels, so that the logits cannot be"
    ):
        streaming_bytes(whole(Shape(heads=heads)), NAME)


@pytest.mark.parametrize("frames", [0, -1, 60_001])
def test_an_impossible_length_is_refused(frames: int) -> None:
    with pytest.raises(InputError, match=f"a sequence of {frames} hops is impossible"):
        whole_sequence(STREAMING_MODEL.read_bytes(), NAME, frames)


def test_a_card_names_every_tensor_with_shape_and_meaning() -> None:
    content = streaming_bytes(whole(Shape(heads=HEADS, blocks=((5, 3),))), NAME)
    said = card.tensors(parse(content, NAME))
    assert (said["input"]["name"], said["input"]["shape"]) == ("mel", [1, 1, 1, 40])
    assert [(one["name"], one["shape"]) for one in said["states"]] == [
        ("state_0", [1, 2, 1, 40]), ("state_1", [1, 12, 1, 8]),
    ]  # fmt: skip
    assert said["states"][1]["meaning"].startswith("the last 12 frames of 8 channels, oldest first; all -128")
    assert (said["output"]["name"], said["output"]["shape"]) == ("logits", [1, 1, 1, 15])
    assert [(one["name"], one["shape"][3]) for one in said["heads"]] == [*HEADS.items()]
    assert all(one["meaning"] for one in (said["input"], said["output"], *said["heads"], *said["states"]))
