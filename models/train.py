"""From a corpus to a trained float network: what ``mandible train`` does.

A training lives in one folder and can be cut off at any moment; the same command goes on with it.
``float.npz`` holds the best weights, ``training.json`` the record (settings, data, teacher, every epoch),
``report.html`` the picture.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mandible.device.frames import HOP_MS
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
    training_record,
    training_report,
)
from mandible.models.augment.chunks import ChunkAugmenter
from mandible.models.augment.takes import Takes
from mandible.models.corpus import Utterance
from mandible.models.dataset import Batches, Stream
from mandible.models.settings import Settings, from_record
from mandible.models.targets import NO_TARGET
from mandible.models.training_record import PROGRESS
from mandible.models.training_record import RECORD as RECORD

UNKNOWN_LANGUAGE = "und"
FILTERS = ("languages", "without_languages", "licences")


@dataclass(frozen=True)
class Selection:
    """Which recordings to learn from: corpora, and filters that default to all that may be used."""

    corpora: tuple[Path, ...]
    languages: tuple[str, ...] | None = None
    without_languages: tuple[str, ...] | None = None
    licences: tuple[str, ...] | None = None

    def utterances(self, split: str) -> list[Utterance]:
        """Return the recordings of a split, in a fixed order.

        Raises:
            InputError: a corpus is damaged, or a language is held out that a recording might be in.
        """
        found = [
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
        for one in found if self.without_languages else ():
            if one.language.lower() == UNKNOWN_LANGUAGE:
                raise InputError(
                    f"{one.source}: nobody says which language this is, so --hold-out-language cannot leave "
                    "it out; write it as `language` into the folder's labels.toml, or into utts.csv"
                )
        return found

    def described(self) -> dict[str, Any]:
        """Return the filters as plain data; ``selected`` makes a selection of them again."""
        return {name: None if (chosen := getattr(self, name)) is None else list(chosen) for name in FILTERS}


def selected(corpora: Sequence[Path], record: dict[str, Any], where: Path) -> Selection:
    """Return what a training record selected from corpora; records of earlier versions selected all.

    Raises:
        InputError: the record is damaged; it names ``where``.
    """
    told = record.get("selection", {})
    filters = {name: told.get(name) for name in FILTERS} if isinstance(told, dict) else {"selection": told}
    for name, chosen in filters.items():
        if chosen is not None and not (
            isinstance(chosen, list) and all(isinstance(one, str) for one in chosen)
        ):
            raise InputError(f"{where}: damaged: {name!r} must be a list of names")
    return Selection(tuple(corpora), **{name: chosen and tuple(chosen) for name, chosen in filters.items()})


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
    record = training_record.read(record_file, "settings")
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
    keys, streams = [], []
    for number in range(settings.copies + 1):
        name = f"copy {number} of {settings.copies}" if number else "recordings"
        change = (settings.seed, number, takes_cache.changes_key(directory)) if number else ()
        keys.append(takes_cache.key(order, *change))

        def compute(number: int = number, name: str = name) -> Stream:
            change = Takes(directory).spoken_again if number else None
            return dataset.assemble(order, change, (settings.seed, number), show.work(name, len(order)))

        streams.append(takes_cache.stream(cache / f"{keys[-1]}.npz", compute))
    if teacher_weights is None:
        return tuple(streams)
    mark = f"{float_weights.sha256_of(teacher_weights)[:16]}-{precision.chosen(settings.precision)}"
    taught = []
    for number, stream in enumerate(streams):
        kept = cache / f"{keys[number]}-{mark}.npz"

        def begin(steps: int, number: int = number) -> Callable[[], None]:
            return show.work(f"teacher hears copy {number}", steps)

        taught.append(soft_labels.taught(stream, teacher_weights, settings.precision, kept, begin))
    return tuple(taught)


def _check_length(learn: Stream, dev: Stream, settings: Settings, where: Path) -> None:
    """Raise InputError where there is too little to learn from, or nothing to choose with."""
    hops = int((learn.viseme != NO_TARGET).sum())
    if hops < settings.chunk_hops:
        raise InputError(
            f"{where}: {hops * HOP_MS / 1000:g} s to learn from are too little: at least one chunk of "
            f"{settings.chunk_hops * HOP_MS / 1000:g} s is needed; record more"
        )
    if not (dev.viseme != NO_TARGET).any():
        raise InputError(
            f"{where}: nothing to choose with: of split 'dev', at least one recording longer than the "
            f"lookahead of {settings.lookahead_ms} ms is needed"
        )


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
        InputError: too little to learn from, or ``out`` holds another training or a damaged one.
    """
    learn, dev = selection.utterances("train"), selection.utterances("dev")
    if not learn or not dev:
        missing = "train" if not learn else "dev"
        raise InputError(
            f"{selection.corpora[0]}: no utterances of split {missing!r} under an allowed licence; "
            "see: mandible data check"
        )
    directory = selection.corpora[0]
    heard = training_record.learned_from(learn, dev, directory, teacher_weights, start)
    done = out / RECORD
    if done.exists():
        record = training_record.read(done, "settings", "history")
        training_record.refuse_another(out, record, settings, heard)
        show.say(f"{out}: already trained")
        return record
    if (begun := out / PROGRESS).exists():  # before minutes go into features
        training_record.refuse_another(out, training_record.read(begun, "settings"), settings, heard)
    show.say(f"{len(learn)} utterances to learn from, {len(dev)} to choose with")
    if selection.without_languages and (teacher_weights or start):
        show.say("note: a language is held out, but the teacher or the starting weights may have heard it")
    kept = cache or takes_cache.default_folder()
    order = [learn[i] for i in np.random.default_rng(settings.seed).permutation(len(learn))]
    streams = _streams(order, directory, settings, teacher_weights, kept, show)
    dev_stream = takes_cache.stream(
        kept / f"{takes_cache.key(dev)}.npz",
        lambda: dataset.assemble(dev, step=show.work("dev speakers", len(dev))),
    ).delayed(0 if settings.is_teacher else settings.lookahead_ms)
    _check_length(streams[0], dev_stream, settings, directory)
    batches = _batches(streams, settings)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be made: {error.strerror or error}; name a folder with -o") from None
    change = ChunkAugmenter(directory, order, np.random.default_rng(settings.seed))
    trainer = training.Trainer(out, batches, dev_stream, settings, change.batch, heard, start)
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
        "selection": selection.described(),
        training_record.LEARNED_FROM: heard,
        "teacher_sha256": heard["teacher_sha256"],
        "start_sha256": heard["start_sha256"],
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "precision": precision.chosen(settings.precision),
        "history": history,
    }
    training_report.write(out / "report.html", record)
    training_record.write(done, record)
    return record
