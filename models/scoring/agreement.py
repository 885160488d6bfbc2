"""Frame by frame: is the class shown one that the sound accepts?

Where several classes are accepted, the one shown is taken as the truth, so that a difference of convention
is no error; where a wrong one is shown, the truth is the first choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mandible.models.scoring.conventions import NOTHING_ASKED, REST, shape_of_viseme
from mandible.models.scoring.counting import Counts, Totals, Units, ratio
from mandible.models.scoring.timeline import Bools, Floats, Ints, Reference, Track, advanced
from mandible.models.visemes import Viseme

# Shifts tried, in frames: from 150 ms early to 350 ms late.
SHIFTS = range(-15, 36)
FORGIVEN_FRAMES = 2


@dataclass(frozen=True)
class Classes:
    """One way to divide the mouth's states.

    Attributes:
        shown: (n,) class of the track.
        first: (n,) first choice of the reference, -1 where nothing is asked for.
        accepted: (n, size) classes that count as right.
        at_rest: the class of a mouth before and after the track.
    """

    shown: Ints
    first: Ints
    accepted: Bools
    at_rest: int

    @property
    def size(self) -> int:
        """Number of classes."""
        return int(self.accepted.shape[1])


def visemes(reference: Reference, track: Track) -> Classes:
    """Return the fifteen visemes."""
    return Classes(track.viseme, reference.viseme, reference.accepted, Viseme.sil)


def shapes(reference: Reference, track: Track) -> Classes:
    """Return the six lip shapes, which programs with other viseme sets can be compared by."""
    shown = np.array(shape_of_viseme())[track.viseme]
    return Classes(shown, reference.shape, reference.accepted_shapes, REST)


def _cells(classes: Classes, shift: int) -> tuple[Ints, Bools]:
    """Return per frame the cell of the confusion matrix, and whether the frame is asked for."""
    shown = np.asarray(advanced(classes.shown, shift, classes.at_rest), np.int64)
    asked = classes.first != NOTHING_ASKED
    right = classes.accepted[np.arange(len(shown)), shown]
    truth = np.where(right, shown, classes.first)
    return np.where(asked, truth, 0) * classes.size + shown, asked


def accuracy(confusion: Floats) -> Floats:
    """(..., k, k) confusion, truth by shown -> share of frames that are right."""
    return ratio(np.trace(confusion, axis1=-2, axis2=-1), confusion.sum(axis=(-2, -1)))


def macro_f1(confusion: Floats, first: Floats) -> Floats:
    """Mean F1 over the classes that the reference asks for ((..., k) frames each) and that are the truth."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    truth, shown = confusion.sum(axis=-1), confusion.sum(axis=-2)
    judged = (first > 0) & (truth > 0)
    f1 = np.where(judged, ratio(2 * hits, truth + shown), 0.0)
    return np.nan_to_num(ratio(f1.sum(axis=-1), judged.sum(axis=-1)))


def best_shift(classes: Classes) -> int:
    """Return by how many frames the track is late: the shift with the best accuracy + F1."""
    size = classes.size
    asked = classes.first != NOTHING_ASKED
    first = np.bincount(classes.first[asked], minlength=size).astype(np.float64)

    def merit(shift: int) -> float:
        cells, asked = _cells(classes, shift)
        counted = np.bincount(cells[asked], minlength=size * size).astype(np.float64)
        confusion = counted.reshape(size, size)
        return float(macro_f1(confusion, first) + accuracy(confusion))

    return max(SHIFTS, key=merit)


def count(classes: Classes, shift: int, units: Units, name: str) -> Counts:
    """Return the confusion, (units, k, k) truth by shown, and the frames of each first choice."""
    size = classes.size
    cells, asked = _cells(classes, shift)
    frames = np.flatnonzero(asked)
    confusion = units.histogram(frames, cells[frames], size * size)
    return {
        f"{name}_confusion": confusion.reshape(-1, size, size),
        f"{name}_first": units.histogram(frames, classes.first[frames], size),
    }


def count_strict(reference: Reference, track: Track, units: Units) -> Counts:
    """Return the frames asked for, those with the first choice, and those right if 20 ms are forgiven."""
    asked = reference.viseme != NOTHING_ASKED
    wide = reference.accepted.copy()
    for shift in range(1, FORGIVEN_FRAMES + 1):
        wide[shift:] |= reference.accepted[:-shift]
        wide[:-shift] |= reference.accepted[shift:]
    forgiven = wide[np.arange(len(wide)), track.viseme]
    return {
        "asked": units.count_frames(asked),
        "strict": units.count_frames(asked & (track.viseme == reference.viseme)),
        "forgiven": units.count_frames(asked & forgiven),
    }


def figures(sums: Totals, name: str) -> dict[str, Floats]:
    """Return accuracy and F1 of one division."""
    confusion, first = sums[f"{name}_confusion"], sums[f"{name}_first"]
    return {"accuracy": accuracy(confusion), "macro_f1": macro_f1(confusion, first)}


def per_class(sums: Totals) -> dict[str, Floats]:
    """Return recall and precision, (..., 15), NaN for a viseme that never was the truth, or never shown."""
    confusion = sums["viseme_confusion"]
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return {
        "recall": ratio(hits, confusion.sum(axis=-1)),
        "precision": ratio(hits, confusion.sum(axis=-2)),
    }
