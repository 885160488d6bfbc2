"""From sums to the figures that are quoted; the same formulas serve a set and its resamples."""

from __future__ import annotations

from dataclasses import dataclass

from mandible.models.scoring import agreement, closures, jaw, onsets, rhythm
from mandible.models.scoring.conventions import REST
from mandible.models.scoring.counting import Counts, Totals, Units, ratio
from mandible.models.scoring.timeline import FRAME_MS, Floats, Ints, Reference, Track, advanced


@dataclass(frozen=True)
class Shifts:
    """By how many frames a track is late, as visemes, lip shapes and jaw each suit best."""

    viseme: int
    shape: int
    jaw: int

    def described(self) -> dict[str, float]:
        """Return the shifts in ms."""
        return {
            "best_shift_ms": self.viseme * FRAME_MS,
            "shape_shift_ms": self.shape * FRAME_MS,
            "jaw_shift_ms": self.jaw * FRAME_MS,
        }


def best_shifts(reference: Reference, track: Track) -> Shifts:
    """Search the constant shifts that suit a track best."""
    return Shifts(
        agreement.best_shift(agreement.visemes(reference, track)),
        agreement.best_shift(agreement.shapes(reference, track)),
        jaw.Jaws(reference, track).best_shift(),
    )


def count(reference: Reference, track: Track, shifts: Shifts, units: Units) -> Counts:
    """Return every sum that the figures need."""
    visemes, shapes = agreement.visemes(reference, track), agreement.shapes(reference, track)
    jaws = jaw.Jaws(reference, track)
    counts = {
        **agreement.count_strict(reference, track, units),
        **onsets.count(reference.shape, shapes.shown, units),
        **rhythm.count(reference, track, units),
        **closures.count_timing(reference, closures.closed(shapes.shown), units),
    }
    for suffix, by_viseme, by_shape, by_jaw in (
        ("", 0, 0, 0),
        ("_best", shifts.viseme, shifts.shape, shifts.jaw),
    ):
        shown: Ints = advanced(shapes.shown, by_shape, REST).astype("int64")
        counts |= agreement.count(visemes, by_viseme, units, f"viseme{suffix}")
        counts |= agreement.count(shapes, by_shape, units, f"shape{suffix}")
        counts |= jaws.count(by_jaw, units, f"jaw{suffix}")
        counts |= closures.count(reference, closures.closed(shown), units, f"bilabial{suffix}")
        counts |= closures.count(reference, closures.closed_or_resting(shown), units, f"closed{suffix}")
        counts |= rhythm.count_rest(reference, shown == REST, units, f"rest{suffix}")
    return counts


def figures(sums: Totals) -> dict[str, Floats]:
    """Return every figure, in the order in which a table lists them; NaN where there was nothing to judge."""
    result: dict[str, Floats] = {}
    for suffix in ("", "_best"):
        rest, speech = rhythm.rest_f1(sums, f"rest{suffix}")
        groups = {
            "": agreement.figures(sums, f"viseme{suffix}"),
            "shape_": agreement.figures(sums, f"shape{suffix}"),
            "bilabial_": closures.figures(sums, f"bilabial{suffix}"),
            "closed_": closures.figures(sums, f"closed{suffix}"),
            "jaw_": {"correlation": jaw.correlation(sums, f"jaw{suffix}")},
        }
        for group, values in groups.items():
            result |= {f"{group}{name}{suffix}": value for name, value in values.items()}
        result |= {f"silence_f1{suffix}": rest, f"speech_f1{suffix}": speech}
    result |= onsets.figures(sums)
    result |= closures.timing_figures(sums)
    result |= rhythm.figures(sums)
    result["accuracy_strict"] = ratio(sums["strict"], sums["asked"])
    result["accuracy_forgiving"] = ratio(sums["forgiven"], sums["asked"])
    return result
