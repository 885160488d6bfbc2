"""Turning utterances into long streams of features and labels, and cutting training batches from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import Pcm
from mandible.device.frontend import log_mel
from mandible.models import corpus
from mandible.models.corpus import Utterance
from mandible.models.targets import NO_TARGET, targets

Change = Callable[[Utterance, Pcm], tuple[Utterance, Pcm]]
ChunkChange = Callable[[NDArray[np.int8], NDArray[np.int8]], tuple[NDArray[np.int8], NDArray[np.int8]]]


@dataclass(frozen=True)
class Stream:
    """Utterances one after the other: ``mels`` (n, 40) int8 and ``viseme`` (n,) int8, -1 = no target."""

    mels: NDArray[np.int8]
    viseme: NDArray[np.int8]

    def __len__(self) -> int:
        """Return the number of hops."""
        return len(self.viseme)


def trainable(directory: Path, split: str, source_names: Iterable[str] | None = None) -> list[Utterance]:
    """Return the utterances of a split whose licence lets a released model learn from them."""
    names = [name for name in corpus.sources(directory) if corpus.may_train(name)]
    wanted = names if source_names is None else [name for name in names if name in set(source_names)]
    return [
        utterance
        for name in wanted
        for utterance in corpus.read_source(directory, name)
        if utterance.split == split
    ]


def assemble(utterances: Iterable[Utterance], lookahead_ms: int, change: Change | None = None) -> Stream:
    """Compute the features and labels of utterances, each through ``change`` first, in the given order."""
    mels, visemes = [], []
    for original in utterances:
        utterance, pcm = original, corpus.read_audio(original.path)
        if change is not None:
            utterance, pcm = change(utterance, pcm)
        features = log_mel(pcm)
        mels.append(features)
        visemes.append(targets(utterance, len(features), lookahead_ms).viseme)
    return Stream(np.concatenate(mels), np.concatenate(visemes))


@dataclass(frozen=True)
class Batches:
    """Random chunks of several copies of the corpus.

    Attributes:
        copies: streams of the same utterances, clean or changed.
        shares: how often each copy is drawn; they add up to 1.
        unscored_hops: hops at the start of a chunk that carry no label: the network is still blind there.
    """

    copies: tuple[Stream, ...]
    shares: tuple[float, ...]
    chunk_hops: int
    batch_chunks: int
    unscored_hops: int

    @property
    def steps_per_epoch(self) -> int:
        """Batches that together are as long as the corpus."""
        return max(1, len(self.copies[0]) // (self.chunk_hops * self.batch_chunks))

    def draw(
        self, rng: np.random.Generator, change: ChunkChange
    ) -> Iterator[tuple[NDArray[np.int8], NDArray[np.int8]]]:
        """Yield endless batches: features (chunks, hops, 40) and labels (chunks, hops)."""
        while True:
            mels, visemes = [], []
            for _ in range(self.batch_chunks):
                stream = self.copies[rng.choice(len(self.copies), p=self.shares)]
                start = rng.integers(len(stream) - self.chunk_hops)
                piece = slice(start, start + self.chunk_hops)
                chunk, viseme = change(stream.mels[piece], stream.viseme[piece].copy())
                viseme[: self.unscored_hops] = NO_TARGET
                mels.append(chunk)
                visemes.append(viseme)
            yield np.stack(mels), np.stack(visemes)
