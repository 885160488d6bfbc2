"""A plain folder of recordings, each with a label file of the same stem beside it, as a corpus.

Speakers are the folder's own subfolders, or deeper ones where its ``labels.toml`` says so; without any, the
folder is one speaker. Of five or more speakers a
tenth is kept for testing and a tenth for choosing (at least one each); of fewer, every 20th recording is for
choosing. Which ones depends on nothing but their names.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from mandible.errors import InputError
from mandible.models import label_options
from mandible.models.annotations import registry
from mandible.models.annotations.segments import Annotation, Request
from mandible.models.annotations.spelling import phone_set, phones_of
from mandible.models.annotations.timeline import contiguous
from mandible.models.label_options import LabelOptions
from mandible.models.licences import OWN_LICENCE
from mandible.models.recordings import SUFFIXES, rate_and_length
from mandible.models.utterance import Utterance

SPEAKERS_TO_SPLIT = 5
SPEAKERS_KEPT = 0.1
DEV_EVERY = 20
# ARPAbet is an alphabet of English; IPA labels do not tell the language.
LANGUAGE = {"arpabet": "en", "ipa": "und"}
SILENCE = {"arpabet": "SIL", "ipa": "sil"}
# TIMIT lays its recordings out as TRAIN/DR1/FCJF0/SA1.WAV: only the third folder is a person.
_TIMIT_PARTS, _TIMIT_SPEAKER_DEPTH = ("train", "test"), 3
# Labels that end this much after their recording are worth a word; programs round by less.
WORTH_TELLING_S = 0.02


@dataclass(frozen=True)
class _Pair:
    recording: Path
    labels: Path
    rate_hz: int
    seconds: float


@cache
def say_once(line: str) -> None:
    """Write a line to where messages for people go, but once however often the folder is read."""
    print(line, file=sys.stderr)


def _files(directory: Path) -> list[Path]:
    """Return the files in a folder and its subfolders, without hidden ones and linked folders."""
    found: list[Path] = []
    for place, folders, names in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place) / name for name in sorted(names) if not name.startswith(".")]
    return found


def _paired(directory: Path) -> tuple[list[tuple[Path, Path]], list[Path]]:
    """Return (recording, label file) pairs, and the recordings without a label file."""
    recordings: dict[Path, list[Path]] = {}
    labels: dict[Path, list[Path]] = {}
    for path in _files(directory):
        suffix = path.suffix.lower()
        if suffix in SUFFIXES:
            recordings.setdefault(path.with_suffix(""), []).append(path)
        elif suffix in registry.READERS:
            labels.setdefault(path.with_suffix(""), []).append(path)
    pairs, bare = [], []
    for stem, paths in recordings.items():
        if stem not in labels:
            bare += paths
        elif len(paths) > 1:
            raise InputError(
                f"{paths[0]}: {paths[1].name} beside it has the same labels; keep one of the two"
            )
        else:
            pairs.append((paths[0], min(labels[stem], key=registry.preference)))
    return pairs, bare


def speaker_splits(speakers: set[str]) -> dict[str, str]:
    """Return the split of each of five or more speakers: by their names alone, at least one of each."""
    shuffled = sorted(speakers, key=lambda name: hashlib.sha256(name.encode()).digest())
    kept = max(1, round(SPEAKERS_KEPT * len(shuffled)))
    splits = dict.fromkeys(shuffled, "train")
    splits |= dict.fromkeys(shuffled[:kept], "test")
    return splits | dict.fromkeys(shuffled[kept : 2 * kept], "dev")


def _with_splits(utterances: list[Utterance]) -> list[Utterance]:
    speakers = {utterance.speaker for utterance in utterances}
    if len(speakers) >= SPEAKERS_TO_SPLIT:
        splits = speaker_splits(speakers)
        return [replace(utterance, split=splits[utterance.speaker]) for utterance in utterances]
    # The last of every twenty, and the last of all where there are fewer: a single one is learned from.
    every = min(DEV_EVERY, max(2, len(utterances)))
    return [
        replace(utterance, split="dev") if number % every == 0 else utterance
        for number, utterance in enumerate(utterances, start=1)
    ]


def _check_speakers(directory: Path, recordings: Iterable[Path], asked: LabelOptions) -> None:
    """Refuse TIMIT with its two halves for speakers: one person would be learned from and measured with."""
    if asked.speaker_depth is not None:
        return
    for recording in recordings:
        *folders, _ = recording.relative_to(directory).parts
        if len(folders) >= _TIMIT_SPEAKER_DEPTH and folders[0].lower() in _TIMIT_PARTS:
            raise InputError(
                f"{directory}: {folders[0]} and the folders in it are no speakers; this looks like TIMIT:"
                f" say speaker_depth = {_TIMIT_SPEAKER_DEPTH} in {label_options.FILE_NAME}"
            )


def _utterance(
    directory: Path, pair: _Pair, annotation: Annotation, phoneset: str, asked: LabelOptions
) -> tuple[Utterance, float]:
    line = contiguous(phones_of(annotation, phoneset), pair.seconds, SILENCE[phoneset], pair.labels)
    inside = pair.recording.relative_to(directory)
    home = directory.resolve().name
    utterance = Utterance(
        source=home,
        name=inside.with_suffix("").as_posix(),
        path=pair.recording,
        speaker="/".join(inside.parts[:-1][: asked.speaker_depth or 1]) or home,
        language=asked.language or LANGUAGE[phoneset],
        split="train",
        seconds=pair.seconds,
        phoneset=phoneset,
        starts_s=line.starts_s,
        ends_s=line.ends_s,
        phones=line.phones,
        text=annotation.text,
        licence=OWN_LICENCE,
    )
    return utterance, line.clipped_s


def read_folder(
    directory: Path, options: LabelOptions | None = None, tell: Callable[[str], None] = say_once
) -> list[Utterance]:
    """Read every labelled recording in a folder and its subfolders.

    Args:
        directory: the folder.
        options: tier, phone set, language and speakers; None for what the folder's ``labels.toml`` says.
        tell: called with a line on recordings without labels and on labels that go on after the end.

    Raises:
        InputError: there is no labelled recording, or a file is damaged; the message says what to do.
        DeviceError: a recording is no WAV file and ``soundfile`` is not installed.
    """
    if not directory.is_dir():
        raise InputError(f"{directory}: no such folder; name a corpus directory or a folder of recordings")
    asked = label_options.of_folder(directory) if options is None else options
    found, bare = _paired(directory)
    if not found:
        raise InputError(
            f"{directory}: no speech/*/utts.csv of a corpus directory here, and no recording"
            f" ({', '.join(SUFFIXES)}) with a label file of the same name beside it"
            f" ({', '.join(registry.READERS)})"
        )
    _check_speakers(directory, (recording for recording, _ in found), asked)
    if bare:
        tell(f"{directory}: recordings without a label file, left out: {len(bare)}, such as {bare[0].name}")
    pairs = [_Pair(recording, labels, *rate_and_length(recording)) for recording, labels in found]
    annotations = [registry.read(Request(pair.labels, pair.rate_hz, asked.tier)) for pair in pairs]
    phoneset = phone_set(annotations, asked.phoneset)
    read = [
        _utterance(directory, pair, annotation, phoneset, asked)
        for pair, annotation in zip(pairs, annotations, strict=True)
    ]
    late = [(utterance, over_s) for utterance, over_s in read if over_s > WORTH_TELLING_S]
    if late:
        worst, over_s = max(late, key=lambda item: item[1])
        tell(
            f"{directory}: label files that go on after the end of their recording, cut off there:"
            f" {len(late)}, such as {worst.name} by {over_s * 1000:.0f} ms"
        )
    return _with_splits([utterance for utterance, _ in read])
