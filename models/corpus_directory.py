"""Reading a corpus directory: utterances with speaker, split and phone times.

It holds ``speech/<language>_<source>/`` folders with ``utts.csv`` (utt, file, speaker, language, split,
seconds, phoneset and, where known, text) and ``labels.csv.gz`` or ``labels.csv`` (utt, start_s, end_s, phone;
from 0 to the end without gaps).
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

import numpy as np

from mandible.errors import InputError
from mandible.models.licences import licence_of
from mandible.models.phones import PHONE_SETS
from mandible.models.utterance import SPLITS, Utterance

GAP_TOLERANCE_S = 0.005
_REQUIRED = ("utt", "file", "speaker", "language", "split", "seconds", "phoneset")


def is_corpus_directory(directory: Path) -> bool:
    """Tell whether a folder is a corpus directory; any other is taken for a folder of recordings."""
    return any((directory / "speech").glob("*/utts.csv"))


def source_names(directory: Path) -> list[str]:
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
    licence = licence_of(source, directory)
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
                licence=licence,
            )
