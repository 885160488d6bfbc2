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
from mandible.models.annotations.segments import Annotation, Request, read_text
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
# By this much, they were written for something else.
MOST_OVER_S = 1.0


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


def _is_track(path: Path) -> bool:
    """Tell whether a file with the name of a label file may be one: a README.txt has no tabs."""
    if path.suffix.lower() != ".txt":
        return True
    try:
        return "\t" in read_text(path)
    except InputError:
        return False


def _without(paths: list[Path], what: str, missing: str) -> list[str]:
    """Return a line on files that lack the other half of the pair; none if there is no such file."""
    if not paths:
        return []
    if len(paths) == 1:
        return [f"1 {what} has no {missing}: {paths[0]}"]
    return [f"{len(paths)} {what}s have no {missing}, such as {paths[0]}"]


def _paired(directory: Path) -> tuple[list[tuple[Path, Path]], list[str]]:
    """Return (recording, label file) pairs, and a line for each kind of file that has no other half."""
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
    alone = [path for stem, paths in labels.items() if stem not in recordings for path in paths]
    return pairs, [
        *_without(bare, "recording", "label file"),
        *_without([path for path in alone if _is_track(path)], "label file", "recording"),
    ]


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
    if line.clipped_s > MOST_OVER_S:
        counted = pair.labels.suffix.lower() == ".phn"
        guess = "were they written for another sample rate?" if counted else "do the two belong together?"
        raise InputError(
            f"{pair.labels}: labels go on {line.clipped_s:.1f} s after the end of its recording; {guess}"
        )
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
        tell: called with a line on files that lack labels or a recording, and on labels that go on after
            the end.

    Raises:
        InputError: there is no labelled recording, a file is damaged, or labels go on more than a second
            after their recording; the message says what to do.
        DeviceError: a recording is no WAV file and ``soundfile`` is not installed.
    """
    if not directory.is_dir():
        raise InputError(f"{directory}: no such folder; name a corpus directory or a folder of recordings")
    asked = label_options.of_folder(directory) if options is None else options
    found, alone = _paired(directory)
    if not found:
        raise InputError(
            f"{directory}: no speech/*/utts.csv of a corpus directory here, and no recording"
            f" ({', '.join(SUFFIXES)}) with a label file of the same name beside it"
            f" ({registry.NAMES})"
        )
    _check_speakers(directory, (recording for recording, _ in found), asked)
    for line in alone:
        tell(line)
    pairs = [_Pair(recording, labels, *rate_and_length(recording)) for recording, labels in found]
    annotations = [registry.read(Request(pair.labels, pair.rate_hz, asked.tier)) for pair in pairs]
    phoneset = phone_set(annotations, asked.phoneset)
    read = [
        _utterance(directory, pair, annotation, phoneset, asked)
        for pair, annotation in zip(pairs, annotations, strict=True)
    ]
    late = [
        (pair.labels, over_s)
        for pair, (_, over_s) in zip(pairs, read, strict=True)
        if over_s > WORTH_TELLING_S
    ]
    if late:
        first, over_s = late[0]
        tell(
            f"{directory}: label files that go on after the end of their recording, cut off there:"
            f" {len(late)}, the first {first.relative_to(directory)} by {over_s * 1000:.0f} ms"
        )
    return _with_splits([utterance for utterance, _ in read])
