"""The way in: score one track against one reference, or many on one timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mandible.errors import InputError
from mandible.models.scoring import agreement, bootstrap
from mandible.models.scoring.bootstrap import DRAWS, SEED, Interval
from mandible.models.scoring.counting import Counts, Totals, Units, totals
from mandible.models.scoring.figures import Shifts, best_shifts, count, figures
from mandible.models.scoring.timeline import (
    FRAME_MS,
    Floats,
    Reference,
    Track,
    joined,
    joined_tracks,
    reference,
    track,
)


@dataclass(frozen=True)
class Score:
    """What a set of recordings scored.

    Attributes:
        figures: every figure by name; NaN where there was nothing to judge.
        intervals: 95 % interval of the figures that have one; empty for a single unit.
        sums: the sums over all units, confusion matrices included.
        per_class: ``recall`` and ``precision``, (15,) each.
        per_class_intervals: ``recall`` and ``precision``, 15 intervals each.
        units: number of units (speakers, or utterances of the only speaker).
    """

    figures: dict[str, float]
    intervals: dict[str, Interval | None]
    sums: Totals
    per_class: dict[str, Floats]
    per_class_intervals: dict[str, list[Interval | None]]
    units: int


def score_track(
    phones: Iterable[tuple[float, float, str]],
    rows: Iterable[tuple[float, float, str] | tuple[float, float, str, float]],
    phoneset: str = "arpabet",
) -> dict[str, float]:
    """Score one track: every figure by name, NaN where there was nothing to judge.

    Args:
        phones: (start_s, end_s, phone) rows.
        rows: (start_s, end_s, viseme) or (start_s, end_s, viseme, openness 0..1) rows.
        phoneset: ``arpabet`` or ``ipa``.

    Raises:
        InputError: a phone or viseme is unknown, or there are no phones.
    """
    asked = reference(phones, phoneset)
    return score_set([asked], [track(rows, len(asked))], draws=0).figures


def score_set(
    references: Sequence[Reference],
    tracks: Sequence[Track],
    speakers: Sequence[str] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Score:
    """Score recordings as if they followed each other on one timeline.

    Args:
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
    whole, shown = joined(references), joined_tracks(tracks)
    units = units_of(references, speakers)
    shifts = best_shifts(whole, shown)
    return _scored(count(whole, shown, shifts, units), shifts, units.count, draws, seed)


def units_of(references: Sequence[Reference], speakers: Sequence[str] | None) -> Units:
    """Return who owns which frame: speakers, or recordings where nobody or only one speaks."""
    names = list(speakers or [])
    if len(set(names)) < 2:
        names = [str(number) for number in range(len(references))]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    owners = np.array([numbers[name] for name in names])
    return Units(np.repeat(owners, list(map(len, references))), len(numbers))


def lateness_ms(references: Sequence[Reference], tracks: Sequence[Track]) -> float:
    """Return by how much tracks that are stamped when they were known lag behind the speech."""
    return best_lateness(joined(references), joined_tracks(tracks))


def best_lateness(whole: Reference, shown: Track) -> float:
    """Return the shift in ms, 10 ms a step, that suits the visemes of a track best."""
    return float(agreement.best_shift(agreement.visemes(whole, shown)) * FRAME_MS)


def _scored(counts: Counts, shifts: Shifts, units: int, draws: int, seed: int) -> Score:
    sums = totals(counts)
    values = {name: float(value) for name, value in figures(sums).items()}
    drawn: dict[str, list[Interval | None]] = {}
    limits: dict[str, Interval | None] = {}
    if draws and units > 1:
        limits = bootstrap.intervals(counts, units, draws, seed)
        resampled = agreement.per_class(
            totals({"viseme_confusion": counts["viseme_confusion"]}, bootstrap.weights(units, draws, seed))
        )
        drawn = {name: [bootstrap.interval(one) for one in values.T] for name, values in resampled.items()}
    return Score(
        figures={**values, **shifts.described()},
        intervals=limits,
        sums=sums,
        per_class=agreement.per_class(sums),
        per_class_intervals=drawn,
        units=units,
    )
