"""Damaged and foreign whole-sequence models end in one clear line; nothing is written, nothing hangs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mandible.errors import InputError
from mandible.models import network
from mandible.models.refused_operators import reason_against
from mandible.quantize.streaming import streaming_bytes, to_streaming
from mandible.quantize.streaming_rewrite import SOURCE_OPERATORS
from mandible.quantize.whole_sequence import whole_sequence
from tests.engines.surgery import changed, operator, rename_operator
from tests.parity.make_network import Shape, whole

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

NAME = Path("damaged.tflite")
SOURCE = whole(Shape(channels=4, blocks=((3, 2),), heads={"voiced": 2}, frames=20))
STREAMING = streaming_bytes(SOURCE, NAME)
HOSTILE_WORDS = (0, 1, 2, 3, 127, 0xFFFF, 100_000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, 0xFFFF_FFFF)
ROUNDS = 400
LONGEST_S = 2.0


def _damaged(content: bytes, rng: random.Random) -> bytes:
    damaged, way = bytearray(content), rng.random()
    if way < 0.4:
        for _ in range(rng.randint(1, 6)):
            damaged[rng.randrange(len(damaged))] ^= rng.randint(1, 255)
    elif way < 0.8:
        at = 4 * rng.randrange(len(damaged) // 4)
        damaged[at : at + 4] = rng.choice(HOSTILE_WORDS).to_bytes(4, "little")
    else:
        del damaged[rng.randrange(len(damaged)) :]
    return bytes(damaged)


def _refusal(convert: Callable[[bytes], bytes], content: bytes) -> str:
    try:
        converted = convert(content)
    except InputError as error:
        return str(error)
    assert converted[4:8] == b"TFL3"
    return ""


@pytest.mark.parametrize("way", ["to streaming", "to a whole sequence"])
def test_damage_is_refused_in_one_line_or_does_not_matter(way: str) -> None:
    rng, outcomes = random.Random(way), []
    base, convert = {
        "to streaming": (SOURCE, lambda content: streaming_bytes(content, NAME)),
        "to a whole sequence": (STREAMING, lambda content: whole_sequence(content, NAME, 20)),
    }[way]
    for _ in range(ROUNDS):
        started_s = time.perf_counter()
        refusal = _refusal(convert, _damaged(base, rng))
        assert time.perf_counter() - started_s < LONGEST_S
        if refusal:
            assert refusal.startswith("damaged.tflite: ")
            assert refusal.isprintable()
        outcomes.append(bool(refusal))
    assert any(outcomes)
    assert not all(outcomes)


def _edited(tmp_path: Path, *old_and_new: str) -> bytes:
    source = tmp_path / "source.tflite"
    source.write_bytes(SOURCE)
    return changed(source, lambda model: rename_operator(model, *old_and_new))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("FULLY_CONNECTED", "use a 1x1 CONV_2D"),
        ("SPACE_TO_BATCH_ND", "dilated convolution in three operators"),
        ("DEQUANTIZE", "quantise with int8 input and output"),
        ("SOFTMAX", "let the model end in its logits"),
        ("RESHAPE", "reorders axes"),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "recurrent"),
        ("MEAN", "looks at the whole sequence"),
        ("WHERE", "train a causal int8 model"),
    ],
)
def test_another_family_is_refused_by_operator_and_reason(kind: str, reason: str, tmp_path: Path) -> None:
    source, target = tmp_path / "other.tflite", tmp_path / "target.tflite"
    source.write_bytes(_edited(tmp_path, "ADD", kind))
    with pytest.raises(InputError, match=rf"operator \d+ \({kind}\) is not one of PAD.*{reason}"):
        to_streaming(source, target)
    assert not target.exists()


def test_a_reason_is_known_for_no_operator_of_ours() -> None:
    assert not {reason_against(kind) for kind in SOURCE_OPERATORS} - {reason_against("unheard of")}


def test_a_kernel_without_its_padding_is_refused(tmp_path: Path) -> None:
    def unpadded(model: object) -> None:
        stem = operator(model, "CONV_2D")
        stem.inputs = [operator(model, "PAD").inputs[0], *stem.inputs[1:]]

    source = tmp_path / "source.tflite"
    source.write_bytes(SOURCE)
    with pytest.raises(InputError, match="reaches back 2 frames but is padded by 0; pad the front"):
        streaming_bytes(changed(source, unpadded), NAME)


def test_another_length_inside_is_refused(tmp_path: Path) -> None:
    def shorter(model: object) -> None:
        graph = model.subgraphs[0]  # type: ignore[attr-defined]
        graph.tensors[operator(model, "ADD").outputs[0]].shape = [1, 10, 1, 4]

    source = tmp_path / "source.tflite"
    source.write_bytes(SOURCE)
    with pytest.raises(InputError, match="has 10 frames, the input 20"):
        streaming_bytes(changed(source, shorter), NAME)


def test_a_streaming_file_must_say_which_outputs_are_heads(tmp_path: Path) -> None:
    path = tmp_path / "streaming.tflite"
    path.write_bytes(STREAMING)

    def misnamed(model: object) -> None:
        graph = model.subgraphs[0]  # type: ignore[attr-defined]
        graph.tensors[graph.outputs[1]].name = "next_state_9"

    with pytest.raises(InputError, match="'next_state_9' cannot name a head"):
        network.parse(changed(path, misnamed), NAME)

    def features_as_head(model: object) -> None:
        graph = model.subgraphs[0]  # type: ignore[attr-defined]
        graph.outputs = [graph.outputs[0], graph.inputs[0], *graph.outputs[2:]]

    with pytest.raises(InputError, match="output 1 is not what a layer computes"):
        network.parse(changed(path, features_as_head), NAME)
