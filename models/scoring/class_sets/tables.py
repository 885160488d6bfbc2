"""The class sets there are, read from the tables beside this file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from mandible.errors import InputError
from mandible.models.scoring.conventions import LIPS, NOTHING_ASKED, SHAPES
from mandible.models.scoring.timeline import Bools, Floats, Ints, Reference
from mandible.models.visemes import VISEME_NAMES, Viseme
from mandible.wording import shown

FOLDER = Path(__file__).parent
_CLASSES = ".classes.csv"


@dataclass(frozen=True)
class ClassSet:
    """One way in which a program names the mouth's states.

    Attributes:
        name: of its tables.
        classes: their names; the first is that of a mouth at rest.
        shape: (k,) index in ``SHAPES`` of the lip shape that each class stands for.
        opening: (k,) mouth opening, 0 to 1, assumed for a track that states none.
        accepted: sound -> classes that count as right, the first choice first; empty: nothing is asked.
        of_viseme: (15,) class that shows each of our visemes.
        asked_by: viseme -> classes that count as right where a sound has no row; empty: nothing is asked.
    """

    name: str
    classes: tuple[str, ...]
    shape: Ints
    opening: Floats
    accepted: Mapping[str, tuple[int, ...]]
    of_viseme: Ints
    asked_by: tuple[tuple[int, ...], ...]

    @property
    def closes_lips(self) -> bool:
        """Whether it has a class of closed lips that /p/ asks for."""
        return any(self.shape[one] == LIPS for one in self.asked_by[Viseme.PP])

    def asked(self, reference: Reference) -> tuple[Ints, Bools]:
        """Return what a reference asks for in these classes.

        Returns:
            (n,) first choice, -1 where nothing is asked for, and (n, k) classes that count as right. A sound
            without a row, as all of IPA, asks for what its visemes ask for.
        """
        # Sounds of one name ask for the same visemes, so that one frame speaks for all of them.
        _, one_of_each, number = np.unique(reference.sound, return_index=True, return_inverse=True)
        choices = [self._choices(reference, int(frame)) for frame in one_of_each]
        first = np.array([found[0] if found else NOTHING_ASKED for found in choices], np.int64)
        accepted = np.zeros((len(choices), len(self.classes)), bool)
        for row, found in zip(accepted, choices, strict=True):
            row[list(found)] = True
        return first[number], accepted[number]

    def _choices(self, reference: Reference, frame: int) -> tuple[int, ...]:
        known = self.accepted.get(str(reference.sound[frame]))
        if known is not None:
            return known
        first = int(reference.viseme[frame])
        if first == NOTHING_ASKED or not self.asked_by[first]:
            return ()
        others = np.flatnonzero(reference.accepted[frame]).tolist()
        return tuple(dict.fromkeys(one for viseme in (first, *others) for one in self.asked_by[viseme]))


def class_sets() -> list[str]:
    """Return the names of the class sets."""
    return sorted(path.name.removesuffix(_CLASSES) for path in FOLDER.glob(f"*{_CLASSES}"))


@cache
def class_set(name: str) -> ClassSet:
    """Return a class set by name; raises InputError where there is none."""
    if name not in class_sets():
        raise InputError(f"class set {shown(name)}: must be one of {', '.join(class_sets())}")
    rows = _rows(f"{name}{_CLASSES}")
    number = {row["class"]: index for index, row in enumerate(rows)}

    def several(names: str) -> tuple[int, ...]:
        return tuple(number[one] for one in names.split())

    visemes = _rows(f"{name}.visemes.csv")
    assert tuple(row["viseme"] for row in visemes) == VISEME_NAMES
    return ClassSet(
        name,
        tuple(number),
        np.array([SHAPES.index(row["shape"]) for row in rows], np.int64),
        np.array([int(row["openness_percent"]) / 100 for row in rows], np.float64),
        {row["sound"]: several(row["accepted"]) for row in _rows(f"{name}.sounds.csv")},
        np.array([number[row["shown_as"]] for row in visemes], np.int64),
        tuple(several(row["asks"]) for row in visemes),
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
