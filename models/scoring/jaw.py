"""Does the jaw follow the speech? Correlation of smoothed openings, from sums."""

from __future__ import annotations

import numpy as np

from mandible.models.scoring.agreement import SHIFTS
from mandible.models.scoring.counting import Counts, Totals, Units
from mandible.models.scoring.timeline import Bools, Floats, Reference, Track, advanced

SMOOTHING_FRAMES = 9
# A jaw that never moves follows nothing; its correlation would not be defined.
STILL = 1e-7


def smoothed(opening: Floats) -> Floats:
    """Smooth with a Hann window of 90 ms, as lips and servos would."""
    kernel = np.hanning(SMOOTHING_FRAMES + 2)[1:-1]
    padded = np.pad(opening, SMOOTHING_FRAMES, mode="edge")
    smooth: Floats = np.convolve(padded, kernel / kernel.sum(), "same")
    return smooth[SMOOTHING_FRAMES:-SMOOTHING_FRAMES]


class Jaws:
    """Smoothed opening asked for and shown."""

    def __init__(self, reference: Reference, track: Track) -> None:
        self.asked = smoothed(reference.opening)
        self.shown = smoothed(track.opening)
        self.counted: Bools = reference.counted

    def best_shift(self) -> int:
        """Return by how many frames the jaw is late: the shift with the best correlation."""
        return max(SHIFTS, key=lambda shift: float(_correlation(self._sums(shift).sum(axis=-1))))

    def _sums(self, shift: int) -> Floats:
        """(6, n) summands of a correlation: 1, x, y, xx, yy, xy."""
        x, y = self.asked, np.asarray(advanced(self.shown, shift, 0.0), np.float64)
        moves = self.shown.std() > STILL
        summands = np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y])
        return summands * self.counted if moves else 0 * summands

    def count(self, shift: int, units: Units, name: str) -> Counts:
        """Return per unit the sums from which a correlation follows."""
        return {f"{name}_sums": np.stack([units.add_up(one) for one in self._sums(shift)], axis=1)}


def correlation(sums: Totals, name: str) -> Floats:
    """Return the correlation of openings, 0 for a jaw that does not move."""
    return _correlation(np.moveaxis(sums[f"{name}_sums"], -1, 0))


def _correlation(sums: Floats) -> Floats:
    n, x, y, xx, yy, xy = sums / np.maximum(1, sums[0])
    asked, shown = xx - x * x, yy - y * y
    result = np.zeros(np.shape(n))
    moves = (asked > STILL**2) & (shown > STILL**2)
    spread = np.sqrt(np.where(moves, asked * shown, 1.0))
    return np.asarray(np.divide(xy - x * y, spread, out=result, where=moves), np.float64)
