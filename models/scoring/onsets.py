"""When does a lip shape begin, against when the sound asks for it?"""

from __future__ import annotations

import numpy as np

from mandible.models.scoring.conventions import SHAPES
from mandible.models.scoring.counting import Counts, Totals, Units, percentile, ratio
from mandible.models.scoring.timeline import FRAME_MS, Bools, Floats, Ints, runs

WINDOW_FRAMES = 25
_BINS = 2 * WINDOW_FRAMES + 1


def count(asked: Ints, shown: Ints, units: Units) -> Counts:
    """Match each beginning of a lip shape with the nearest beginning of the same shape within 250 ms.

    Args:
        asked: (n,) lip shape of the reference, -1 where none is.
        shown: (n,) lip shape of the track.
        units: who owns which frame.
    """
    where: list[Ints] = []
    late: list[Ints] = []
    expected: list[Ints] = []
    for shape in range(len(SHAPES)):
        starts, candidates = _starts(asked == shape), _starts(shown == shape)
        expected.append(starts)
        if len(starts) == 0 or len(candidates) == 0:
            continue
        after = np.searchsorted(candidates, starts)
        before = candidates[np.maximum(after - 1, 0)] - starts
        behind = candidates[np.minimum(after, len(candidates) - 1)] - starts
        # At equal distance the earlier one counts.
        nearest = np.where(np.abs(before) <= np.abs(behind), before, behind)
        matched = np.abs(nearest) <= WINDOW_FRAMES
        where.append(starts[matched])
        late.append(nearest[matched])
    nothing = np.zeros(0, np.int64)
    frames, lateness = np.concatenate([nothing, *where]), np.concatenate([nothing, *late])
    return {
        "onsets_late": units.histogram(frames, lateness + WINDOW_FRAMES, _BINS),
        "onsets_asked": units.count_events(np.concatenate([nothing, *expected])),
    }


def _starts(mask: Bools) -> Ints:
    """Beginnings of runs; what holds from the first frame on did not begin."""
    starts = runs(mask)[:, 0]
    return starts[starts > 0]


def figures(sums: Totals) -> dict[str, Floats]:
    """Return the median lateness and its interquartile range in ms, and the share that has a match."""
    histogram = sums["onsets_late"]
    low, middle, high = (percentile(histogram, percent) for percent in (25, 50, 75))
    return {
        "onset_late_ms": (middle - WINDOW_FRAMES) * FRAME_MS,
        "onset_iqr_ms": (high - low) * FRAME_MS,
        "onsets_matched": ratio(histogram.sum(axis=-1), sums["onsets_asked"]),
    }
