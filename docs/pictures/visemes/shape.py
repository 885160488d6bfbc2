"""What a mouth is made of: a row of ``shapes.csv``, and the opening ``models/tables/visemes.csv`` gives.

Every value is a quantity of its own, so that the weighted mean of rows is a mouth between them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
VISEMES = HERE.parents[2] / "models" / "tables" / "visemes.csv"


@dataclass(frozen=True)
class Shape:
    """A mouth as fractions, 1 for 100 percent; all from 0 to 1 but for those that say otherwise.

    Attributes:
        jaw: opening of the jaw.
        width: distance of the mouth's corners; 1 at rest, 0.3 pursed, 1.25 widely spread.
        upper_lift: how far the upper lip bares its teeth; below 0 it hides more of them.
        lower_drop: how far the lower lip goes beyond what the jaw does; below 0 it stays behind.
        rounding: from an opening with sharp corners (0) to an ellipse (1); rounded lips are thicker.
        flare: lips turned outwards, the opening squarish.
        press: lips rolled in and pressed.
        tuck: lower lip drawn in under the upper teeth.
        tongue_tip: from the floor of the mouth (0) to the ridge behind the upper teeth (1).
        tongue_back: from low (0) to the palate (1).
        tongue_forward: drawn back (0), right behind the teeth (0.7), between them (1).
    """

    jaw: float
    width: float
    upper_lift: float
    lower_drop: float
    rounding: float
    flare: float
    press: float
    tuck: float
    tongue_tip: float
    tongue_back: float
    tongue_forward: float


def shapes() -> dict[str, Shape]:
    """Return the fifteen mouths by viseme, in viseme order."""
    with (HERE / "shapes.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row.pop("viseme"): row for row in csv.DictReader(stream)}
    with VISEMES.open(encoding="utf-8", newline="") as stream:
        jaws = {row["viseme"]: int(row["openness_percent"]) / 100 for row in csv.DictReader(stream)}
    return {
        name: Shape(
            jaw=jaw, **{key.removesuffix("_percent"): int(value) / 100 for key, value in rows[name].items()}
        )
        for name, jaw in jaws.items()
    }


def sounds() -> dict[str, str]:
    """Return what each viseme is spoken in, in viseme order."""
    with VISEMES.open(encoding="utf-8", newline="") as stream:
        return {row["viseme"]: row["spoken"] for row in csv.DictReader(stream)}
