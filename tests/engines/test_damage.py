"""Damaged and hostile model files end in one clear line, never in another exception, never in a crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mandible.device.engines.c import CEngine
from mandible.device.engines.reference import ReferenceEngine
from mandible.errors import InputError
from mandible.models import network, tflite_file
from tests.engines.hops import STREAMING_MODEL, random_hops

# What a damaged number does to a computation must be refused, not warned of.
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

CONTENT = STREAMING_MODEL.read_bytes()
WHOLE = network.parse(CONTENT, STREAMING_MODEL)
NAME = Path("damaged.tflite")
SCALES = {
    tensor.scales[index].tobytes()
    for tensor in tflite_file.parse(CONTENT, NAME).tensors
    for index in {0, tensor.scales.size - 1}
    if tensor.scales.size > 1
}
HOPS = random_hops(70)


def loaded_or_refused(content: bytes) -> bool:
    """Load; True for a network of the original's size that runs, False for one line of refusal."""
    refusal = "none"
    try:
        damaged = network.parse(content, NAME)
    except InputError as error:
        refusal = str(error)
    if refusal != "none":
        assert refusal.startswith("damaged.tflite: ")
        assert refusal.isprintable()
        return False
    assert damaged.parameters == WHOLE.parameters
    assert [r.ring_frames for r in damaged.rings] == [r.ring_frames for r in WHOLE.rings]
    compiled, reference = CEngine(damaged), ReferenceEngine(damaged)
    for hop in HOPS:
        np.testing.assert_array_equal(compiled.step(hop), reference.step(hop))
    return True


def test_the_whole_file_loads() -> None:
    assert loaded_or_refused(CONTENT)


@pytest.mark.parametrize("length", [*range(64), *range(64, len(CONTENT), 97), len(CONTENT) - 1])
def test_a_truncated_file_is_refused_or_whole(length: int) -> None:
    # The last bytes of a file may be padding that nothing refers to.
    assert not loaded_or_refused(CONTENT[:length]) or length >= len(CONTENT) - 64


def test_every_bit_of_the_first_bytes() -> None:
    outcomes = []
    for bit in range(8 * 64):
        content = bytearray(CONTENT)
        content[bit // 8] ^= 1 << bit % 8
        outcomes.append(loaded_or_refused(bytes(content)))
    assert not all(outcomes)


@settings(max_examples=300, deadline=None)
@example([(8, 255)])
@given(st.lists(st.tuples(st.integers(0, len(CONTENT) - 1), st.integers(1, 255)), min_size=1, max_size=8))
def test_flipped_bits(flips: list[tuple[int, int]]) -> None:
    content = bytearray(CONTENT)
    for position, bits in flips:
        content[position] ^= bits
    loaded_or_refused(bytes(content))


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, len(CONTENT) // 4 - 1),
    st.sampled_from([0, 1, 0x7F, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(CONTENT), len(CONTENT) - 4]),
)
def test_hostile_words(word: int, value: int) -> None:
    content = bytearray(CONTENT)
    content[4 * word : 4 * word + 4] = value.to_bytes(4, "little")
    loaded_or_refused(bytes(content))


@pytest.mark.parametrize(
    "bits",
    [0x7F80_0001, 0xFF80_0001, 0x7FC0_0000, 0x7F80_0000, 0xFF80_0000, 0x7F7F_FFFF, 0x0000_0001, 0x8000_0000],
)
def test_every_scale_that_is_no_scale(bits: int) -> None:
    """Signalling and quiet NaN, infinities, the largest and the smallest number, minus zero."""
    places = [at for scale in SCALES for at in _places(scale)]
    assert len(places) >= len(SCALES)
    for at in places:
        assert not loaded_or_refused(CONTENT[:at] + bits.to_bytes(4, "little") + CONTENT[at + 4 :])


def _places(scale: bytes) -> list[int]:
    """Return where a float stands in the file; the scales of the weights stand nowhere else."""
    return [at for at in range(0, len(CONTENT) - 3, 4) if CONTENT[at : at + 4] == scale]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_behind_the_mark(tail: bytes) -> None:
    assert not loaded_or_refused(b"\x10\x00\x00\x00TFL3" + tail)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "not a .tflite file"),
        (CONTENT[:9000], "truncated or damaged"),
    ],
)
def test_the_reason_is_named(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        network.load(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.tflite: no such file"):
        network.load(tmp_path / "gone.tflite")
    with pytest.raises(InputError, match="cannot be read"):
        network.load(tmp_path)
