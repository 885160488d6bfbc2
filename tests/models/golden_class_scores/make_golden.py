"""Make tracks in every class set again and let an independent scoring script judge them.

    python -m tests.models.golden_class_scores.make_golden SCRIPT

SCRIPT is called as ``SCRIPT REFERENCE TRACK --map SET --json`` and prints its figures as one JSON object; its
names of the class sets are in ``sets.csv``, those of the figures in ``names.csv``. The references are those
of ``golden_scores``; the tracks follow from them by arithmetic and a seed.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from mandible.models.scoring.class_sets import ClassSet, class_set, class_sets
from mandible.models.scoring.timeline import FRAME_S, Ints, Reference, reference, runs
from tests.models.golden_scores.make_golden import FOLDER as REFERENCE_FOLDER
from tests.models.golden_scores.make_golden import REFERENCES, read_phones

FOLDER = Path(__file__).parent
SCORES = FOLDER / "scores.json"
KINDS = ("perfect", "late", "wavering", "random")
LATE_S = 0.08
Row = tuple[float, float, str] | tuple[float, float, str, float]


def pairs(name: str) -> dict[str, str]:
    """Return a table of two columns, ours and the script's."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return {row["ours"]: row["script"] for row in csv.DictReader(stream)}


def spoken(name: str) -> Reference:
    """Return one of the references."""
    return reference(read_phones(REFERENCE_FOLDER / f"{name}.phones.csv"))


def made(kind: str, said: Reference, of: ClassSet, rng: random.Random) -> Iterator[Row]:
    """Yield the rows of a track: what is asked for, on time or late, with mistakes, or by lot."""
    first, _ = of.asked(said)
    for start, end in _stretches(first):
        state = max(0, int(first[start]))
        if kind == "random" or (kind == "wavering" and rng.random() < 0.3):
            state = rng.randrange(len(of.classes))
        late_s = {"late": LATE_S, "wavering": rng.uniform(0.0, 0.03)}.get(kind, 0.0)
        times = round(start * FRAME_S + late_s, 4), round(end * FRAME_S + late_s, 4)
        if kind == "wavering":
            yield (*times, of.classes[state], round(rng.random() * float(of.opening[state]), 4))
        else:
            yield (*times, of.classes[state])


def _stretches(first: Ints) -> list[tuple[int, int]]:
    found = [tuple(span) for one in set(first.tolist()) for span in runs(first == one).tolist()]
    return sorted(found)


def read_rows(path: Path) -> list[Row]:
    """Read a track: start_s, end_s, class and, if it has one, openness."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    times = [(float(row[0]), float(row[1]), row[2]) for row in rows]
    return [
        (*times_of, float(row[3])) if len(row) > 3 else times_of
        for times_of, row in zip(times, rows, strict=True)
    ]


def main(script: Path) -> None:
    """Write the tracks and their scores beside this file."""
    scripts = pairs("sets.csv")
    assert sorted(scripts) == class_sets()
    scores = {}
    for name in REFERENCES:
        for chosen in class_sets():
            for kind in KINDS:
                stem = f"{name}.{chosen}.{kind}"
                rows = made(kind, spoken(name), class_set(chosen), random.Random(stem))
                lines = [",".join(map(str, row)) for row in rows]
                path = FOLDER / f"{stem}.csv"
                path.write_text("\n".join(["start_s,end_s,class,openness", *lines, ""]), encoding="utf-8")
                scores[stem] = _judged(script, REFERENCE_FOLDER / f"{name}.phones.csv", path, scripts[chosen])
    SCORES.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


def _judged(script: Path, phones: Path, track: Path, theirs: str) -> dict[str, float]:
    # The script calls silence by one name wherever a set has a class of its own for it.
    renamed = track.with_suffix(".renamed")
    renamed.write_text(track.read_text(encoding="utf-8").replace(",-", ",sil"), encoding="utf-8")
    command = [sys.executable, script, phones, renamed, "--map", theirs, "--json"]
    try:
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    finally:
        renamed.unlink()
    said = json.loads(printed)
    return {name: said[name] for name in pairs("names.csv").values()}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
