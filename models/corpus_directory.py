"""Reading a corpus directory: utterances with speaker, split and phone times.

It holds ``speech/<language>_<source>/`` folders with ``utts.csv`` (utt, file, speaker, language, split,
seconds, phoneset and, where known, text) and ``labels.csv.gz`` or ``labels.csv`` (utt, start_s, end_s, phone;
from 0 to the end without gaps). ``file`` is a path within the folder.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mandible.device.frames import HOP_MS
from mandible.errors import InputError
from mandible.models.licences import licence_of
from mandible.models.phones import PHONE_SETS
from mandible.models.recordings import LONGEST_S
from mandible.models.utterance import SPLITS, Utterance
from mandible.small_file import exists, read_small
from mandible.wording import shortened

GAP_TOLERANCE_S = 0.005
# Labels of 50 hours of speech; gzip makes a fifth of them, and of gigabytes of zeros a megabyte.
MOST_BYTES = 64 << 20
_UTTERANCE_COLUMNS = ("utt", "file", "speaker", "language", "split", "seconds", "phoneset")
_LABEL_COLUMNS = ("utt", "start_s", "end_s", "phone")


def is_corpus_directory(directory: Path) -> bool:
    """Tell whether a folder is a corpus directory; any other is taken for a folder of recordings."""
    return any((directory / "speech").glob("*/utts.csv"))


def source_names(directory: Path) -> list[str]:
    """Return the source folders of a corpus; raises InputError where the directory holds none."""
    found = sorted(path.parent.name for path in (directory / "speech").glob("*/utts.csv"))
    if not found:
        raise InputError(f"{directory}: no speech/*/utts.csv in this corpus directory")
    return found


def _content(path: Path) -> bytes:
    """Return a table as it is once unpacked, at most ``MOST_BYTES`` of it."""
    raw = read_small(path, MOST_BYTES)
    if path.suffix != ".gz":
        return raw
    try:
        with gzip.open(io.BytesIO(raw)) as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: not a whole gzip file ({error}); copy or pack it again") from None
    if len(content) > MOST_BYTES:
        raise InputError(
            f"{path}: larger than {MOST_BYTES >> 20} MiB when unpacked; make several sources of this one"
        )
    return content


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (place for messages, row) of a table in which each of these columns is filled in."""
    stream = io.TextIOWrapper(io.BytesIO(_content(path)), encoding="utf-8", newline="")
    reader = csv.DictReader(stream)
    try:
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(
                f"{path}:1: column {missing[0]!r} is missing; the columns must be {','.join(columns)}"
            )
        for row in reader:
            place = f"{path}:{reader.line_num}"
            for column in columns:
                if not row[column]:
                    raise InputError(f"{place}: {column} is empty; fill it in or delete the row")
            yield place, row
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num + 1}: not a readable CSV file ({error})") from None


def _seconds(row: dict[str, str], column: str, place: str) -> float:
    try:
        time_s = float(row[column])
    except ValueError:
        raise InputError(f"{place}: start_s and end_s must be numbers") from None
    # Written so that NaN, which is not less than anything, does not pass.
    if not 0 <= time_s <= LONGEST_S:
        raise InputError(
            f"{place}: {column} {shortened(row[column])!r} must be from 0 to {LONGEST_S}, the longest of ours"
        )
    return time_s


def _labels(folder: Path) -> dict[str, list[tuple[float, float, str]]]:
    path = next((path for path in (folder / "labels.csv.gz", folder / "labels.csv") if exists(path)), None)
    if path is None:
        raise InputError(f"{folder}: labels.csv.gz is missing")
    rows: dict[str, list[tuple[float, float, str]]] = {}
    for place, row in _rows(path, _LABEL_COLUMNS):
        start_s, end_s = _seconds(row, "start_s", place), _seconds(row, "end_s", place)
        phones = rows.setdefault(row["utt"], [])
        expected_s = phones[-1][1] if phones else 0.0
        if abs(start_s - expected_s) > GAP_TOLERANCE_S or end_s < max(start_s, expected_s):
            raise InputError(f"{place}: start_s must be {expected_s}, and end_s not before it")
        phones.append((start_s, end_s, row["phone"]))
    return rows


def _recording(folder: Path, file: str, place: str) -> Path:
    """Return a recording's path; one that leaves the folder could make a page show any file there is."""
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise InputError(f"{place}: file {shortened(file)!r} must be a path within {folder}")
    return folder / file


def read_source(directory: Path, source: str) -> Iterator[Utterance]:
    """Yield the utterances of one source folder; raises InputError naming file, line and fix."""
    folder = directory / "speech" / source
    labels = _labels(folder)
    licence = licence_of(source, directory)
    for place, row in _rows(folder / "utts.csv", _UTTERANCE_COLUMNS):
        if row["split"] not in SPLITS:
            raise InputError(f"{place}: split {shortened(row['split'])!r} must be one of {', '.join(SPLITS)}")
        if row["phoneset"] not in PHONE_SETS:
            raise InputError(
                f"{place}: phoneset {shortened(row['phoneset'])!r} must be {' or '.join(PHONE_SETS)}"
            )
        if row["utt"] not in labels:
            raise InputError(f"{place}: utterance {shortened(row['utt'])!r} has no rows in the labels file")
        phones = labels[row["utt"]]
        if phones[-1][1] < HOP_MS / 1000:
            raise InputError(f"{place}: its labels end within the first {HOP_MS} ms; delete the row")
        yield Utterance(
            source=source,
            name=row["utt"],
            path=_recording(folder, row["file"], place),
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
