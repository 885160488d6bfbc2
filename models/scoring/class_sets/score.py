"""Score tracks of any class set: in their own classes, in the six lip shapes, lips, jaw and silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mandible.errors import InputError
from mandible.models.scoring import agreement, bootstrap, closures, jaw, rhythm
from mandible.models.scoring.agreement import Classes
from mandible.models.scoring.bootstrap import DRAWS, SEED, Interval
from mandible.models.scoring.class_sets.tables import ClassSet
from mandible.models.scoring.class_sets.tracks import ClassTrack, joined
from mandible.models.scoring.conventions import LIPS, REST
from mandible.models.scoring.counting import Counts, Totals, Units, totals
from mandible.models.scoring.figures import Shifts
from mandible.models.scoring.score import units_of
from mandible.models.scoring.timeline import Bools, Floats, Ints, Reference, Track, advanced
from mandible.models.scoring.timeline import joined as joined_references

# A set without a class for closed lips may still close the mouth: this far open it counts as shut.
SHUT_OPENING = 0.06


@dataclass(frozen=True)
class ClassScore:
    """What a program scored.

    Attributes:
        figures: by name; those with ``_best`` at the constant shift that suits the track best, the others at
            no shift; NaN where there was nothing to judge.
        intervals: 95 % interval over speakers of the figures that have one; empty for a single unit.
        units: number of units (speakers, or recordings of the only speaker).
    """

    figures: Mapping[str, float]
    intervals: Mapping[str, Interval | None]
    units: int


def score_in(
    of: ClassSet,
    references: Sequence[Reference],
    tracks: Sequence[ClassTrack],
    speakers: Sequence[str] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> ClassScore:
    """Score recordings as if they followed each other on one timeline.

    Args:
        of: the tracks' class set.
        references: what was spoken, one per recording.
        tracks: what the mouth showed, as many frames as its reference.
        speakers: who speaks in each; intervals are over speakers, or over recordings if there is only one.
        draws: resamples for the intervals; 0 for none.
        seed: of the resampling.

    Raises:
        InputError: there are no recordings.
    """
    if not references:
        raise InputError("nothing to score: the set is empty")
    judged = _Judged(of, joined_references(references), joined(tracks))
    units = units_of(references, speakers)
    shifts = judged.best_shifts()
    counts = judged.count(shifts, units)
    values = {name: float(value) for name, value in _figures(totals(counts)).items()}
    limits = bootstrap.intervals(counts, units.count, draws, seed, _figures)
    return ClassScore({**values, **shifts.described()}, limits, units.count)


class _Judged:
    """A track beside what it is held against."""

    def __init__(self, of: ClassSet, reference: Reference, track: ClassTrack) -> None:
        self._reference = reference
        self._own = Classes(track.state, *of.asked(reference), at_rest=0)
        self._shape: Ints = of.shape[track.state]
        self._shapes = Classes(self._shape, reference.shape, reference.accepted_shapes, REST)
        self._jaws = jaw.Jaws(reference, Track(track.state, track.opening))
        nowhere: Bools = np.zeros(len(reference), bool)
        self._shut = nowhere if of.closes_lips else np.asarray(track.opening < SHUT_OPENING, bool)

    def best_shifts(self) -> Shifts:
        """Search the constant shifts that suit the track best."""
        return Shifts(
            agreement.best_shift(self._own), agreement.best_shift(self._shapes), self._jaws.best_shift()
        )

    def count(self, shifts: Shifts, units: Units) -> Counts:
        """Return every sum that the figures need, at no shift and at the best ones."""
        counts: Counts = {}
        for suffix, own, shape, by_jaw in (
            ("", 0, 0, 0),
            ("_best", shifts.viseme, shifts.shape, shifts.jaw),
        ):
            shown = np.asarray(advanced(self._shape, shape, REST), np.int64)
            shut = np.asarray(advanced(self._shut, shape, True), bool)
            resting = shown == REST
            lips = shown == LIPS
            counts |= agreement.count(self._own, own, units, f"own{suffix}")
            counts |= agreement.count(self._shapes, shape, units, f"shape{suffix}")
            counts |= closures.count(self._reference, lips, units, f"bilabial{suffix}")
            counts |= closures.count(self._reference, lips | resting | shut, units, f"closed{suffix}")
            counts |= self._jaws.count(by_jaw, units, f"jaw{suffix}")
            counts |= rhythm.count_rest(self._reference, resting, units, f"rest{suffix}")
        return counts


def _figures(sums: Totals) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for suffix in ("", "_best"):
        silence, _ = rhythm.rest_f1(sums, f"rest{suffix}")
        groups = {
            "": agreement.figures(sums, f"own{suffix}"),
            "shape_": agreement.figures(sums, f"shape{suffix}"),
            "bilabial_": _with_f1(closures.figures(sums, f"bilabial{suffix}")),
            "closed_": _with_f1(closures.figures(sums, f"closed{suffix}")),
            "jaw_": {"correlation": jaw.correlation(sums, f"jaw{suffix}")},
            "silence_": {"f1": silence},
        }
        for group, values in groups.items():
            found |= {f"{group}{name}{suffix}": value for name, value in values.items()}
    return found


def _with_f1(found: dict[str, Floats]) -> dict[str, Floats]:
    """Add the harmonic mean of recall and precision; 0 where nothing was shown though something was asked."""
    recall = found["recall"]
    precision = np.where(np.isnan(found["precision"]), 0.0, found["precision"])
    both = recall + precision
    f1 = np.where(both > 0, 2 * recall * precision / np.where(both > 0, both, 1.0), 0.0)
    return {**found, "f1": np.where(np.isnan(recall), np.nan, f1)}
