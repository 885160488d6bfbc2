"""Reading a corpus directory: utterances with speaker, split, licence and phone times.

A corpus holds ``speech/<language>_<source>/`` folders with ``utts.csv`` (utt, file, speaker, language,
split, seconds, phoneset, ...) and ``labels.csv.gz`` or ``labels.csv`` (utt, start_s, end_s, phone; from 0
to the end without gaps).
"""

from __future__ import annotations

import csv
import gzip
import sys
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TextIO, cast

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import SAMPLE_RATE_HZ, Pcm
from mandible.errors import DeviceError, InputError
from mandible.models.phones import PHONE_SETS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SPLITS = ("train", "dev", "test")
GAP_TOLERANCE_S = 0.005
_REQUIRED = ("utt", "file", "speaker", "language", "split", "seconds", "phoneset")


@dataclass(frozen=True)
class Licence:
    """What a source allows: licence name, use (``train``, ``evaluate``, ``hold-out``) and whom to credit."""

    name: str
    use: str
    credit: str


@dataclass(frozen=True)
class Utterance:
    """One recording and its phones.

    Attributes:
        source: folder name, ``<language>_<source>``.
        starts_s, ends_s: (n,) phone times in seconds, contiguous from 0.
        phones: the n phones, in ``phoneset`` spelling.
        text: what was said, in ordinary spelling; empty where the corpus does not tell.
    """

    source: str
    name: str
    path: Path
    speaker: str
    language: str
    split: str
    seconds: float
    phoneset: str
    starts_s: NDArray[np.float64]
    ends_s: NDArray[np.float64]
    phones: tuple[str, ...]
    text: str = ""


@cache
def _licence_file() -> tuple[frozenset[str], tuple[tuple[str, Licence], ...]]:
    with (Path(__file__).parent / "licences.toml").open("rb") as stream:
        document = tomllib.load(stream)
    sources = (
        (entry["match"], Licence(entry["licence"], entry["use"], entry["credit"]))
        for entry in document["source"]
    )
    return frozenset(document["released"]), tuple(sources)


def licence_of(source: str) -> Licence | None:
    """Return the licence entry of a source folder, or None where none is known."""
    _, entries = _licence_file()
    return next((licence for pattern, licence in entries if fnmatch(source, pattern)), None)


def may_train(source: str) -> bool:
    """Tell whether a released model may learn from this source."""
    released, _ = _licence_file()
    licence = licence_of(source)
    return licence is not None and licence.use == "train" and licence.name in released


def sources(directory: Path) -> list[str]:
    """Return the source folders of a corpus; raises InputError where the directory holds none."""
    found = sorted(path.parent.name for path in (directory / "speech").glob("*/utts.csv"))
    if not found:
        raise InputError(f"{directory}: no speech/*/utts.csv in this corpus directory")
    return found


def _open_labels(folder: Path) -> tuple[Path, TextIO]:
    packed, plain = folder / "labels.csv.gz", folder / "labels.csv"
    if packed.exists():
        return packed, cast(TextIO, gzip.open(packed, "rt", encoding="utf-8", newline=""))
    if plain.exists():
        return plain, plain.open(encoding="utf-8", newline="")
    raise InputError(f"{folder}: labels.csv.gz is missing")


def _labels(folder: Path) -> dict[str, list[tuple[float, float, str]]]:
    rows: dict[str, list[tuple[float, float, str]]] = {}
    path, stream = _open_labels(folder)
    with stream:
        reader = csv.DictReader(stream)
        if not {"utt", "start_s", "end_s", "phone"} <= set(reader.fieldnames or ()):
            raise InputError(f"{path}:1: the columns must be utt,start_s,end_s,phone")
        for row in reader:
            try:
                start_s, end_s = float(row["start_s"]), float(row["end_s"])
            except (TypeError, ValueError):
                raise InputError(f"{path}:{reader.line_num}: start_s and end_s must be numbers") from None
            phones = rows.setdefault(row["utt"], [])
            expected_s = phones[-1][1] if phones else 0.0
            if abs(start_s - expected_s) > GAP_TOLERANCE_S or end_s < start_s:
                raise InputError(
                    f"{path}:{reader.line_num}: start_s must be {expected_s}, and end_s not before it"
                )
            phones.append((start_s, end_s, row["phone"]))
    return rows


def read_source(directory: Path, source: str) -> Iterator[Utterance]:
    """Yield the utterances of one source folder; raises InputError naming file, line and fix."""
    folder = directory / "speech" / source
    labels = _labels(folder)
    path = folder / "utts.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [column for column in _REQUIRED if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{path}:1: column {missing[0]!r} is missing")
        for row in reader:
            place = f"{path}:{reader.line_num}"
            if row["split"] not in SPLITS:
                raise InputError(f"{place}: split {row['split']!r} must be one of {', '.join(SPLITS)}")
            if row["phoneset"] not in PHONE_SETS:
                raise InputError(f"{place}: phoneset {row['phoneset']!r} must be {' or '.join(PHONE_SETS)}")
            if row["utt"] not in labels:
                raise InputError(f"{place}: utterance {row['utt']!r} has no rows in the labels file")
            phones = labels[row["utt"]]
            yield Utterance(
                source=source,
                name=row["utt"],
                path=folder / row["file"],
                speaker=row["speaker"],
                language=row["language"],
                split=row["split"],
                seconds=phones[-1][1],
                phoneset=row["phoneset"],
                starts_s=np.array([start for start, _, _ in phones]),
                ends_s=np.array([end for _, end, _ in phones]),
                phones=tuple(phone for _, _, phone in phones),
                text=row.get("text") or "",
            )


def _read_wave(path: Path) -> tuple[Pcm, int]:
    try:
        with wave.open(str(path), "rb") as stream:
            if stream.getsampwidth() != 2 or stream.getnchannels() != 1:
                raise InputError(f"{path}: a corpus recording must be mono with 16 bits")
            return np.frombuffer(stream.readframes(stream.getnframes()), "<i2"), stream.getframerate()
    except (wave.Error, EOFError) as error:
        raise InputError(f"{path}: not a readable WAV file ({error})") from None


def read_audio(path: Path) -> Pcm:
    """Read a recording of a corpus, 16 kHz mono, as int16.

    WAV needs nothing; FLAC and Opus need the ``soundfile`` package of the ``train`` extra.

    Raises:
        InputError: the file is missing, damaged, or not 16 kHz mono.
        DeviceError: ``soundfile`` is not installed.
    """
    if not path.exists():
        raise InputError(f"{path}: no such recording")
    if path.suffix == ".wav":
        pcm, rate_hz = _read_wave(path)
    else:
        try:
            import soundfile
        except ImportError:
            raise DeviceError(f"{path}: reading it needs soundfile: pip install soundfile") from None
        try:
            pcm, rate_hz = soundfile.read(path, dtype="int16")
        except soundfile.LibsndfileError as error:
            raise InputError(f"{path}: not a readable recording ({error})") from None
    if rate_hz != SAMPLE_RATE_HZ or pcm.ndim != 1:
        raise InputError(f"{path}: a corpus recording must be {SAMPLE_RATE_HZ} Hz mono")
    return pcm
