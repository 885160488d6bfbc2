"""The rooms and noise recordings of a corpus directory, as far as a released model may learn from them.

``rir/sim_*`` and ``rir/index_real.csv`` (file, licence, source, ...) hold impulse responses,
``noise/index.csv`` (file, licence, source, ...) noise. A corpus without them works: rooms are invented
then, and noise is synthetic anyway in part.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from mandible.device.frames import Pcm
from mandible.errors import InputError
from mandible.models.augment import synthesis
from mandible.models.augment.synthesis import Floats
from mandible.models.recordings import read_audio
from mandible.small_file import exists, is_file, read_small

# Licences under which a noise or room recording may shape a released model (patterns on its index row);
# share-alike material stays out, also where a row leaves open which of its licences holds.
FREE_SOUNDS = ("CC0*", "CC-BY *", "CC BY 4.0*")
SHARE_ALIKE = "*BY-SA*"
INVENTED_ROOMS = 32
_LEAD_IN_SAMPLES = 8  # of what comes before the highest peak, 0.5 ms, so that the peak keeps its shape
_MOST_BYTES = 16 << 20
_COLUMNS = ("file", "source", "licence")


def free(licence: str) -> bool:
    """Tell whether a recording under this licence may shape a released model."""
    return any(fnmatch(licence, pattern) for pattern in FREE_SOUNDS) and not fnmatch(licence, SHARE_ALIKE)


def index_rows(index: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of an index of sounds; none where there is no such file.

    Raises:
        InputError: a column or a value is missing, or a file named leaves the folder or is not there;
            names file and line.
    """
    if not exists(index):
        return
    try:
        text = read_small(index, _MOST_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{index}: not UTF-8 text; save it as UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{index}:1: column {missing[0]!r} is missing")
        for row in reader:
            _check(row, index, f"{index}:{reader.line_num}")
            yield row
    except csv.Error as error:
        raise InputError(f"{index}: not a readable CSV file ({error})") from None


def _check(row: dict[str, str], index: Path, place: str) -> None:
    empty = [column for column in _COLUMNS if not row[column]]
    if empty:
        raise InputError(f"{place}: {empty[0]} is empty; fill it in or delete the row")
    name = row["file"]
    if Path(name).name != name:
        raise InputError(f"{place}: file {name!r} must be a name in {index.parent}, without folders")
    if not is_file(index.parent / name):
        raise InputError(f"{place}: file {name!r} is not in {index.parent}; add it or delete the row")


def _free_rows(index: Path) -> list[dict[str, str]]:
    return [row for row in index_rows(index) if free(row["licence"])]


def _sound(path: Path) -> Floats:
    sound = read_audio(path).astype(np.float64)
    if not sound.any():
        raise InputError(f"{path}: is silent or empty; delete it and its row in the index")
    return sound


def rooms(directory: Path) -> list[Floats]:
    """Return impulse responses that start at the direct sound and have unit energy.

    Those of the corpus, simulated or recorded under a free licence; where it has none, invented ones
    (always the same).
    """
    folder = directory / "rir"
    names = sorted(path.name for path in folder.glob("sim_*"))  # simulated: nobody's recording
    names += [row["file"] for row in _free_rows(folder / "index_real.csv")]
    if not names:
        rng = np.random.default_rng(1)
        return [synthesis.room(rng) for _ in range(INVENTED_ROOMS)]
    responses = []
    for name in names:
        response = _sound(folder / name)
        response = response[max(0, int(np.argmax(np.abs(response))) - _LEAD_IN_SAMPLES) :]
        responses.append(response / np.sqrt(np.sum(response**2)))
    return responses


def noises(directory: Path) -> dict[str, Pcm]:
    """Return the free noise recordings of a corpus by file name, each at -23 dBFS."""
    folder = directory / "noise"
    return {
        row["file"]: synthesis.at_level(_sound(folder / row["file"]))
        for row in _free_rows(folder / "index.csv")
    }


def sound_credits(directory: Path) -> list[dict[str, str]]:
    """Return file, licence and whom to credit for the noise and room recordings that augmentation uses."""
    rows = _free_rows(directory / "noise" / "index.csv") + _free_rows(directory / "rir" / "index_real.csv")
    return [
        {
            "file": row["file"],
            "licence": "CC0" if row["licence"].startswith("CC0") else "CC-BY",
            "credit": f"{row['licence']}; {row['source']}",
        }
        for row in rows
    ]
