"""Turning utterances into long streams of features and labels, and cutting training batches from them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS, MEL_BANDS, Pcm
from mandible.device.frontend import log_mel
from mandible.models import corpus
from mandible.models.corpus import Utterance
from mandible.models.stress import with_stress
from mandible.models.targets import NO_TARGET, targets
from mandible.models.visemes import VISEME_COUNT, Viseme

# A change of a recording before its features are computed: (utterance, pcm, rng) -> the same.
Change = Callable[[Utterance, Pcm, np.random.Generator], tuple[Utterance, Pcm]]
# A change of a batch of features: (chunks, hops, 40) -> the same, and which chunks hold no speech any more.
ChunkChange = Callable[[NDArray[np.int8], np.random.Generator], tuple[NDArray[np.int8], NDArray[np.bool_]]]
SOFT_ONE = 255
# Fewer recordings than this are done before other processes have started.
WORTH_PROCESSES = 32
# Of one utterance: features, first choice, accepted, jaw; as in Stream.
Columns = tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.uint16], NDArray[np.uint8]]


@dataclass(frozen=True)
class Stream:
    """Utterances one after the other, hop by hop.

    Attributes:
        mels: (n, 40) int8 features.
        viseme: (n,) int8 first-choice viseme, -1 = no target.
        accepted: (n,) uint16, bit v set where viseme v counts as right.
        jaw_percent: (n,) uint8 opening of the phone.
        starts: (utterances,) int64 first hop of each utterance.
        soft: (n, 15) uint8 weights of a teacher, each row summing to about 255, or zeros; None without one.
    """

    mels: NDArray[np.int8]
    viseme: NDArray[np.int8]
    accepted: NDArray[np.uint16]
    jaw_percent: NDArray[np.uint8]
    starts: NDArray[np.int64]
    soft: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        """Return the number of hops."""
        return len(self.viseme)

    def delayed(self, lookahead_ms: int) -> Stream:
        """Return the stream with every label later by the lookahead: what a model that waits shall say.

        The first hops of an utterance describe instants before it and get no target.
        """
        late = lookahead_ms // HOP_MS
        lengths = np.diff(np.append(self.starts, len(self)))
        from_hop = np.arange(len(self)) - late
        blind = from_hop < np.repeat(self.starts, lengths)
        from_hop = np.maximum(from_hop, 0)
        viseme, accepted = self.viseme[from_hop], self.accepted[from_hop]
        viseme[blind], accepted[blind] = NO_TARGET, 0
        soft = None if self.soft is None else np.where(blind[:, None], np.uint8(0), self.soft[from_hop])
        return replace(
            self, viseme=viseme, accepted=accepted, jaw_percent=self.jaw_percent[from_hop], soft=soft
        )


_change: Change | None = None


def _use(change: Change | None) -> None:
    """Give a worker process the change once: it may hold megabytes of room responses."""
    global _change
    _change = change


def _labelled(work: tuple[Utterance, tuple[int, ...]]) -> Columns:
    original, seed = work
    utterance, pcm = with_stress(original), corpus.read_audio(original.path)
    if _change is not None:
        utterance, pcm = _change(utterance, pcm, np.random.default_rng(seed))
    mels = log_mel(pcm)
    told = targets(utterance, len(mels), 0)
    bits = (told.accepted << np.arange(VISEME_COUNT)).sum(axis=1).astype(np.uint16)
    return mels, told.viseme, bits, np.round(told.jaw * 100).astype(np.uint8)


def _in_order(work: list[tuple[Utterance, tuple[int, ...]]], change: Change | None) -> Iterator[Columns]:
    if len(work) < WORTH_PROCESSES:
        _use(change)
        yield from map(_labelled, work)
        return
    # Fresh processes: a forked copy of a process that runs TensorFlow's threads may hang.
    with ProcessPoolExecutor(
        os.cpu_count(), multiprocessing.get_context("spawn"), initializer=_use, initargs=(change,)
    ) as pool:
        yield from pool.map(_labelled, work, chunksize=8)


def assemble(
    utterances: Sequence[Utterance],
    change: Change | None = None,
    seed: tuple[int, ...] = (0,),
    step: Callable[[], None] = lambda: None,
) -> Stream:
    """Compute the features and labels of utterances, on all cores, in the given order.

    Labels stand at the instant each hop's window is centred on (``Stream.delayed`` adds a lookahead).

    Args:
        utterances: at least one.
        change: applied to each recording first, with a generator of its own; must be picklable.
        seed: what the generators start from; the same seed gives the same stream on any number of cores.
        step: called after each utterance.
    """
    work = [(utterance, (*seed, number)) for number, utterance in enumerate(utterances)]
    parts = []
    for part in _in_order(work, change):
        parts.append(part)
        step()
    lengths = [len(part[0]) for part in parts]
    mels, viseme, accepted, jaw = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Stream(
        mels, viseme, accepted, jaw, np.concatenate([[0], np.cumsum(lengths[:-1])]).astype(np.int64)
    )


@dataclass(frozen=True)
class Batch:
    """What one step learns from; shapes (chunks, hops[, ...])."""

    mels: NDArray[np.int8]
    viseme: NDArray[np.int8]
    accepted: NDArray[np.uint16]
    jaw_percent: NDArray[np.uint8]
    soft: NDArray[np.uint8]


@dataclass(frozen=True)
class Batches:
    """Random chunks of several copies of the corpus.

    Attributes:
        copies: streams of the same utterances, clean or changed.
        shares: how often each copy is drawn; they add up to 1.
        unscored_hops: hops at the start of a chunk that carry no label: the network is still blind there.
        unscored_end_hops: the same at the end, for a network that also looks ahead.
    """

    copies: tuple[Stream, ...]
    shares: tuple[float, ...]
    chunk_hops: int
    batch_chunks: int
    unscored_hops: int
    unscored_end_hops: int = 0

    @property
    def steps_per_epoch(self) -> int:
        """Batches that together are as long as the corpus."""
        return max(1, len(self.copies[0]) // (self.chunk_hops * self.batch_chunks))

    def epoch(self, rng: np.random.Generator, change: ChunkChange) -> Iterator[Batch]:
        """Yield the batches of one epoch, each changed by ``change``."""
        for _ in range(self.steps_per_epoch):
            yield self._draw(rng, change)

    def _draw(self, rng: np.random.Generator, change: ChunkChange) -> Batch:
        shape = (self.batch_chunks, self.chunk_hops)
        batch = Batch(
            np.empty((*shape, MEL_BANDS), np.int8),
            np.empty(shape, np.int8),
            np.empty(shape, np.uint16),
            np.empty(shape, np.uint8),
            np.zeros((*shape, VISEME_COUNT), np.uint8),
        )
        for row, number in enumerate(rng.choice(len(self.copies), self.batch_chunks, p=self.shares)):
            stream = self.copies[number]
            start = rng.integers(max(1, len(stream) - self.chunk_hops + 1))
            piece = np.arange(start, start + self.chunk_hops) % len(stream)
            batch.mels[row], batch.viseme[row] = stream.mels[piece], stream.viseme[piece]
            batch.accepted[row], batch.jaw_percent[row] = stream.accepted[piece], stream.jaw_percent[piece]
            if stream.soft is not None:
                batch.soft[row] = stream.soft[piece]
        mels, silenced = change(batch.mels, rng)
        batch.viseme[silenced], batch.accepted[silenced] = Viseme.sil, 1 << Viseme.sil
        batch.jaw_percent[silenced], batch.soft[silenced] = 0, 0
        if self.copies[0].soft is not None:
            batch.soft[silenced, :, Viseme.sil] = SOFT_ONE
        for blind in (slice(0, self.unscored_hops), slice(self.chunk_hops - self.unscored_end_hops, None)):
            batch.viseme[:, blind], batch.accepted[:, blind], batch.soft[:, blind] = NO_TARGET, 0, 0
        return replace(batch, mels=mels)
