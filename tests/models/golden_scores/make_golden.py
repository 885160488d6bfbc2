"""Make the golden tracks again and let an independent scoring script judge them.

    python tests/models/golden_scores/make_golden.py SCRIPT

SCRIPT is a program that is called as ``SCRIPT REFERENCE TRACK --map oculus15 --json`` and prints its figures
as one JSON object. The references stay as they are: ``puppet`` is the sample sentence of this project,
``invented`` is nobody's speech and holds what is rare: diphthongs, stress digits, odd spellings, noise,
times between frames, lips that meet twice in a row. ``*.baked.csv`` is a track that ``mandible bake`` once
wrote; the others follow from the reference by arithmetic and a seed.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mandible.models.scoring.conventions import FIRST_SHARE, phone_of
from mandible.models.visemes import VISEME_NAMES

FOLDER = Path(__file__).parent
SCORES = FOLDER / "scores.json"
REFERENCES = ("puppet", "invented")
Rows = list[tuple[float, float, str, float]]


def read_phones(path: Path) -> list[tuple[float, float, str]]:
    """Read a reference: start_s, end_s, phone."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [(float(row["start_s"]), float(row["end_s"]), row["phone"]) for row in csv.DictReader(stream)]


def read_track(path: Path) -> list[tuple[float, float, str] | tuple[float, float, str, float]]:
    """Read a track: start_s, end_s, viseme and, if it has one, openness."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [
            (float(row["start_s"]), float(row["end_s"]), row["viseme"], float(row["openness"]))
            if row.get("openness")
            else (float(row["start_s"]), float(row["end_s"]), row["viseme"])
            for row in csv.DictReader(stream)
        ]


def perfect(phones: list[tuple[float, float, str]]) -> Rows:
    """Return the first choice of every sound, with the phone's own opening; rest where nothing is asked."""
    rows: Rows = []
    for start_s, end_s, label in phones:
        parts = phone_of("arpabet", label).parts
        middle_s = start_s + FIRST_SHARE * (end_s - start_s)
        times = [(start_s, end_s)] if len(parts) == 1 else [(start_s, middle_s), (middle_s, end_s)]
        for part, (begin_s, stop_s) in zip(parts, times, strict=True):
            rows.append((begin_s, stop_s, VISEME_NAMES[max(0, part.sound.viseme)], part.opening))
    return rows


def moved(rows: Rows, by_s: float) -> Rows:
    """Return the rows later by a constant time."""
    return [(start_s + by_s, end_s + by_s, viseme, opening) for start_s, end_s, viseme, opening in rows]


def drawn(rows: Rows, rng: random.Random) -> Rows:
    """Return visemes of 80 ms drawn by lot."""
    count = int(rows[-1][1] / 0.08)
    return [
        (n * 0.08, (n + 1) * 0.08, rng.choice(VISEME_NAMES), rng.randrange(101) / 100) for n in range(count)
    ]


def wavering(rows: Rows, rng: random.Random) -> Rows:
    """Return rows with edges up to 45 ms off, one viseme in four replaced, and another opening."""
    edges = [rows[0][0], *[row[0] + rng.uniform(-0.045, 0.045) for row in rows[1:]], rows[-1][1]]
    edges.sort()
    return [
        (start_s, end_s, viseme if rng.random() < 0.75 else rng.choice(VISEME_NAMES), opening * rng.random())
        for start_s, end_s, (_, _, viseme, opening) in zip(edges[:-1], edges[1:], rows, strict=True)
    ]


TRACKS: dict[str, Callable[[Rows, random.Random], Rows]] = {
    "perfect": lambda rows, _: rows,
    "late": lambda rows, _: moved(rows, 0.1),
    "early": lambda rows, _: moved(rows, -0.04),
    "constant": lambda rows, _: [(0.0, rows[-1][1], "aa", 1.0)],
    "closed": lambda rows, _: [(0.0, rows[-1][1], "PP", 0.0)],
    "random": drawn,
    "wavering": wavering,
}


def write_track(path: Path, rows: Rows, with_opening: bool) -> None:
    """Write a track; without openings, a scorer must assume them from the visemes."""
    lines = ["start_s,end_s,viseme" + ",openness" * with_opening]
    for start_s, end_s, viseme, opening in rows:
        lines.append(f"{start_s:.4f},{end_s:.4f},{viseme}" + f",{opening:.4f}" * with_opening)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(script: Path) -> None:
    """Write the tracks and their scores beside this file."""
    for name in REFERENCES:
        truth = perfect(read_phones(FOLDER / f"{name}.phones.csv"))
        for kind, make in TRACKS.items():
            rows = make(truth, random.Random(f"{name} {kind}"))
            write_track(FOLDER / f"{name}.{kind}.csv", rows, with_opening=True)
        write_track(FOLDER / f"{name}.visemes_only.csv", wavering(truth, random.Random(name)), False)
    scores = {}
    for track in sorted(FOLDER.glob("*.*.csv")):
        name, kind = track.stem.split(".")
        if kind == "phones":
            continue
        command = [
            sys.executable,
            script,
            FOLDER / f"{name}.phones.csv",
            track,
            "--map",
            "oculus15",
            "--json",
        ]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        said = json.loads(printed)
        del said["peer"], said["map"]
        scores[track.stem] = said
    SCORES.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
