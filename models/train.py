"""From a corpus to a trained float network: what ``mandible train`` does.

A training lives in one folder and can be cut off at any moment; the same command goes on with it.
``float.npz`` holds the best weights, ``training.json`` the record (settings, data, teacher, every epoch),
``report.html`` the picture.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mandible.errors import InputError
from mandible.models import (
    augment,
    corpus,
    dataset,
    float_weights,
    manifest,
    precision,
    soft_labels,
    takes_cache,
    training,
    training_report,
)
from mandible.models.augment.chunks import ChunkAugmenter
from mandible.models.augment.takes import Takes
from mandible.models.corpus import Utterance
from mandible.models.dataset import Batches, Stream
from mandible.models.settings import Settings, from_record

RECORD = "training.json"


@dataclass(frozen=True)
class Selection:
    """Which recordings to learn from: corpora, and filters that default to all that may be used."""

    corpora: tuple[Path, ...]
    languages: tuple[str, ...] | None = None
    without_languages: tuple[str, ...] | None = None
    licences: tuple[str, ...] | None = None

    def utterances(self, split: str) -> list[Utterance]:
        """Return the recordings of a split, in a fixed order."""
        return [
            utterance
            for directory in self.corpora
            for utterance in corpus.utterances(
                directory,
                (split,),
                languages=self.languages,
                without_languages=self.without_languages,
                licences=self.licences,
            )
        ]


@dataclass(frozen=True)
class Show:
    """How a training tells of itself: ``work(name, steps)`` returns what to call after each step."""

    work: Callable[[str, int], Callable[[], None]]
    say: Callable[[str], None]


def trained(folder: Path) -> tuple[Any, Settings, dict[str, Any]]:
    """Return the float network, its settings and the record in a folder that a training left."""
    weights, record_file = folder / float_weights.FILE, folder / RECORD
    if not weights.exists() or not record_file.exists():
        raise InputError(f"{folder}: {float_weights.FILE} and {RECORD} are missing; train first")
    record = json.loads(record_file.read_text(encoding="utf-8"))
    settings = from_record(record["settings"], str(record_file))
    # Single precision, whatever it was trained in: it is measured and converted from here on.
    model = training.build(replace(settings, precision="float32"))
    float_weights.put(float_weights.load(weights), model, weights)
    return model, settings, record


def _streams(
    order: Sequence[Utterance],
    directory: Path,
    settings: Settings,
    teacher_weights: Path | None,
    cache: Path,
    show: Show,
) -> tuple[Stream, ...]:
    """Return the clean copy and the changed ones, with soft labels where there is a teacher."""
    streams = []
    for number in range(settings.copies + 1):
        name = f"copy {number} of {settings.copies}" if number else "recordings"
        key = takes_cache.key(order, number and settings.seed, number)

        def compute(number: int = number, name: str = name) -> Stream:
            change = Takes(directory).spoken_again if number else None
            return dataset.assemble(order, change, (settings.seed, number), show.work(name, len(order)))

        stream = takes_cache.stream(cache / f"{key}.npz", compute)
        streams.append(stream)
    if teacher_weights is None:
        return tuple(streams)
    mark = float_weights.sha256_of(teacher_weights)[:16]
    taught = []
    for number, stream in enumerate(streams):
        kept = cache / f"{takes_cache.key(order, number and settings.seed, number)}-{mark}.npz"

        def begin(steps: int, number: int = number) -> Callable[[], None]:
            return show.work(f"teacher hears copy {number}", steps)

        taught.append(soft_labels.taught(stream, teacher_weights, kept, begin))
    return tuple(taught)


def _batches(streams: tuple[Stream, ...], settings: Settings) -> Batches:
    copies = len(streams) - 1
    shares = (settings.clean_share, *[(1 - settings.clean_share) / copies] * copies) if copies else (1.0,)
    late = 0 if settings.is_teacher else settings.lookahead_ms
    return Batches(
        tuple(stream.delayed(late) for stream in streams),
        shares,
        settings.chunk_hops,
        settings.batch_chunks,
        settings.unscored_hops,
        settings.unscored_hops if settings.is_teacher else 0,
    )


def train(
    selection: Selection,
    settings: Settings,
    out: Path,
    show: Show,
    teacher_weights: Path | None = None,
    start: Path | None = None,
    cache: Path | None = None,
) -> dict[str, Any]:
    """Train, or go on with the training in ``out``, and return its record.

    Args:
        selection: what to learn from; noise and rooms come from the first corpus.
        settings: how.
        out: folder of the result.
        show: where progress goes.
        teacher_weights: a teacher to learn from besides the labels.
        start: weights to begin with.
        cache: folder for computed features; the user's cache folder where None.

    Raises:
        InputError: nothing to learn from, or ``out`` holds another training.
    """
    done = out / RECORD
    if done.exists():
        record: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
        if record["settings"] != settings.described():
            raise InputError(f"{out}: holds a training with other settings; name another folder with -o")
        show.say(f"{out}: already trained")
        return record
    learn, dev = selection.utterances("train"), selection.utterances("dev")
    if not learn or not dev:
        missing = "train" if not learn else "dev"
        raise InputError(
            f"{selection.corpora[0]}: no utterances of split {missing!r} under an allowed licence; "
            "see: mandible data check"
        )
    show.say(f"{len(learn)} utterances to learn from, {len(dev)} to choose with")
    kept = cache or takes_cache.default_folder()
    order = [learn[i] for i in np.random.default_rng(settings.seed).permutation(len(learn))]
    directory = selection.corpora[0]
    streams = _streams(order, directory, settings, teacher_weights, kept, show)
    dev_stream = takes_cache.stream(
        kept / f"{takes_cache.key(dev, 'dev')}.npz",
        lambda: dataset.assemble(dev, step=show.work("dev speakers", len(dev))),
    ).delayed(0 if settings.is_teacher else settings.lookahead_ms)
    batches = _batches(streams, settings)
    out.mkdir(parents=True, exist_ok=True)
    change = ChunkAugmenter(directory, order, np.random.default_rng(settings.seed))
    trainer = training.Trainer(out, batches, dev_stream, settings, change.batch, start)
    left = (settings.epochs - len(trainer.history)) * batches.steps_per_epoch
    show.say(f"{len(streams[0])} hops, {batches.steps_per_epoch} steps an epoch, {left} steps to go")
    history = trainer.run(
        lambda row: show.say(
            f"epoch {row['epoch']:.0f}: loss {row['loss']:.4f}, dev {row['dev_accuracy']:.4f}, "
            f"{row['seconds']:.0f} s"
        ),
        show.work("learning", left),
    )
    record = {
        "settings": settings.described(),
        "data": {"train": manifest.of(learn), "dev": manifest.of(dev)},
        "sounds": augment.sound_credits(directory),
        "teacher_sha256": float_weights.sha256_of(teacher_weights) if teacher_weights else None,
        "start_sha256": float_weights.sha256_of(start) if start else None,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "precision": precision.chosen(settings.precision),
        "history": history,
    }
    training_report.write(out / "report.html", record)
    training.write_json(done, record)
    return record
