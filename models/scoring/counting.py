"""Sums per speaker, from which every figure of a set and of its resamples follows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mandible.models.scoring.timeline import Bools, Floats, Ints

# Name -> (units, ...) sums; a unit is a speaker, or an utterance where there is one speaker only.
Counts = dict[str, Floats]
# Name -> sums over all units: (...), or (draws, ...) for resamples.
Totals = dict[str, Floats]


class Units:
    """Which frame belongs to which unit."""

    def __init__(self, of_frame: Ints, count: int) -> None:
        self.of_frame = of_frame
        self.count = count

    def count_frames(self, mask: Bools) -> Floats:
        """(units,) number of frames where ``mask`` holds."""
        return self.add_up(mask.astype(np.float64))

    def add_up(self, values: Floats) -> Floats:
        """(units,) sums of a value per frame."""
        return np.asarray(np.bincount(self.of_frame, values, self.count), np.float64)

    def histogram(self, frames: Ints, bins: Ints, size: int) -> Floats:
        """(units, size) counts of events: ``frames`` says where each happens, ``bins`` which kind it is."""
        owner = self.of_frame[np.clip(frames, 0, len(self.of_frame) - 1)]
        flat = np.bincount(owner * size + bins, minlength=self.count * size)
        return flat.reshape(self.count, size).astype(np.float64)

    def count_events(self, frames: Ints) -> Floats:
        """(units,) number of events at the given frames."""
        return self.histogram(frames, np.zeros(len(frames), np.int64), 1)[:, 0]


def totals(counts: Counts, weights: NDArray[np.float64] | None = None) -> Totals:
    """Return sums over the units; with (draws, units) weights, one set of sums a draw."""
    if weights is None:
        return {name: values.sum(axis=0) for name, values in counts.items()}
    return {name: np.tensordot(weights, values, axes=1) for name, values in counts.items()}


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, and NaN where the whole is empty."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    result = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=result, where=whole > 0), np.float64)


def percentile(histogram: Floats, percent: float) -> Floats:
    """Return a percentile of counted integers, interpolated linearly; NaN where nothing is counted.

    Args:
        histogram: (..., bins) how often each bin's number occurs.
        percent: 0 to 100.
    """
    below = np.cumsum(histogram, axis=-1)
    count = below[..., -1]
    rank = np.maximum(count - 1, 0) * percent / 100
    low, high = np.floor(rank), np.ceil(rank)
    low_bin = (below <= low[..., None]).sum(axis=-1)
    high_bin = (below <= high[..., None]).sum(axis=-1)
    between: Floats = low_bin + (high_bin - low_bin) * (rank - low)
    return np.where(count > 0, between, np.nan)
