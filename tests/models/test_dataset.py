"""Streams of features and labels, and the batches cut from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.models import corpus, takes_cache
from mandible.models.dataset import Batches, Stream, assemble
from mandible.models.targets import NO_TARGET, targets
from mandible.models.visemes import Viseme
from tests.models.tiny_corpus import write_source

HOPS = 40


def unchanged(mels: NDArray[np.int8], rng: np.random.Generator) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    return mels, np.zeros(len(mels), bool)


def stream(soft: bool = False) -> Stream:
    """Two utterances of 20 hops, whose hops are numbered in every column."""
    number = np.arange(HOPS)
    return Stream(
        np.repeat(number[:, None], 40, axis=1).astype(np.int8),
        (number % 15).astype(np.int8),
        (1 << (number % 15)).astype(np.uint16),
        number.astype(np.uint8),
        np.array([0, 20]),
        np.eye(15, dtype=np.uint8)[number % 15] * 255 if soft else None,
    )


def test_a_lookahead_moves_labels_later_but_never_into_the_next_utterance() -> None:
    late = stream(soft=True).delayed(30)
    assert late.soft is not None
    for start in (0, 20):
        assert (late.viseme[start : start + 3] == NO_TARGET).all()
        assert not late.accepted[start : start + 3].any()
        assert not late.soft[start : start + 3].any()
    known = np.r_[3:20, 23:40]
    assert (late.viseme[known] == (known - 3) % 15).all()
    assert (late.soft[known].argmax(axis=1) == (known - 3) % 15).all()
    assert (late.mels == stream().mels).all()


def test_late_labels_are_those_of_the_instant_that_a_waiting_model_describes(tmp_path: Path) -> None:
    write_source(tmp_path, "en_kathleen", {"one": ("train", ["SIL", "M", "AA", "S", "UW", "SIL"])})
    (utterance,) = corpus.utterances(tmp_path, ("train",))
    whole = assemble([utterance])
    for lookahead_ms in (0, 30, 50):
        late = whole.delayed(lookahead_ms)
        assert (late.viseme == targets(utterance, len(whole), lookahead_ms).viseme).all()


def test_the_same_seed_assembles_the_same_stream(tmp_path: Path) -> None:
    write_source(tmp_path, "en_kathleen", {name: ("train", ["SIL", "M", "AA"]) for name in "abc"})
    some = corpus.utterances(tmp_path, ("train",))
    steps: list[None] = []
    first, again = assemble(some, seed=(1, 2), step=lambda: steps.append(None)), assemble(some, seed=(1, 2))
    assert len(steps) == 3
    assert (first.mels == again.mels).all()
    assert first.starts.tolist() == [0, 36, 72]


def test_chunks_carry_their_own_labels_and_nothing_is_asked_of_a_blind_network() -> None:
    batches = Batches((stream(soft=True),), (1.0,), 20, 8, unscored_hops=3, unscored_end_hops=2)
    (batch, *_) = batches.epoch(np.random.default_rng(0), unchanged)
    numbers = batch.mels[:, :, 0].astype(int)
    seen = slice(3, 18)
    assert (batch.viseme[:, seen] == numbers[:, seen] % 15).all()
    assert (batch.jaw_percent == numbers).all()
    for blind in (slice(0, 3), slice(18, None)):
        assert (batch.viseme[:, blind] == NO_TARGET).all()
        assert not batch.soft[:, blind].any()


def test_a_chunk_without_speech_is_silence_to_labels_and_teacher() -> None:
    def silence_the_first(
        mels: NDArray[np.int8], rng: np.random.Generator
    ) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        return np.zeros_like(mels), np.arange(len(mels)) == 0

    batches = Batches((stream(soft=True),), (1.0,), 20, 4, unscored_hops=0)
    (batch, *_) = batches.epoch(np.random.default_rng(0), silence_the_first)
    assert (batch.viseme[0] == Viseme.sil).all()
    assert (batch.accepted[0] == 1 << Viseme.sil).all()
    assert (batch.soft[0].argmax(axis=1) == Viseme.sil).all()
    assert not batch.jaw_percent[0].any()
    assert (batch.viseme[1:] > 0).any()


def test_a_recording_shorter_than_a_chunk_is_repeated_not_refused() -> None:
    batches = Batches((stream(),), (1.0,), 100, 2, unscored_hops=0)
    assert next(batches.epoch(np.random.default_rng(0), unchanged)).mels.shape == (2, 100, 40)


def test_the_last_hop_of_a_stream_is_learned_from_too() -> None:
    batches = Batches((stream(),), (1.0,), HOPS - 1, 32, unscored_hops=0)
    assert (next(batches.epoch(np.random.default_rng(0), unchanged)).mels[:, -1, 0] == HOPS - 1).any()


def test_a_damaged_cache_is_computed_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kept.npz"
    takes_cache.stream(path, stream)
    path.write_bytes(path.read_bytes()[:100])
    assert (takes_cache.stream(path, stream).viseme == stream().viseme).all()
    assert "damaged; computing it again" in capsys.readouterr().err
    assert takes_cache.stream(path, lambda: pytest.fail("computed again")).starts.tolist() == [0, 20]


def test_the_cache_notices_changed_labels_and_files(tmp_path: Path) -> None:
    write_source(tmp_path, "en_kathleen", {"one": ("train", ["SIL", "M", "AA"])})
    some = corpus.utterances(tmp_path, ("train",))
    before = takes_cache.key(some, 1)
    assert takes_cache.key(some, 1) == before
    assert takes_cache.key(some, 2) != before
    some[0].path.write_bytes(some[0].path.read_bytes() + b"x")
    assert takes_cache.key(some, 1) != before
