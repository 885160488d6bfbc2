"""From samples of pairs to a ratio, the interval it lies in, and what could have been found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mandible.benchmarks.intervals import mean_reach

Quad = tuple[float, float, float, float]


@dataclass(frozen=True)
class Ratio:
    """How much of the baseline's this tree takes.

    Attributes:
        middle: the geometric mean over pairs.
        low, high: its 95 % interval, Student's over pairs.
    """

    middle: float
    low: float
    high: float

    def finds(self, limit: float) -> float:
        """Return the ratio that at least 95 of 100 such comparisons would have called worse than the limit.

        Its interval has to clear the limit, so it lies two half-widths above (97.5 of 100 where t is known).
        """
        return (1 + limit) * (self.high / self.low)


def of_pair(quads: Sequence[Quad]) -> float:
    """Return the logarithm of this / baseline of one pair: the median over its quads.

    A quad is (baseline, this, this, baseline), so that what drifts evenly cancels within it; a block that
    something else disturbed spoils one quad, which the median leaves out.
    """
    found = [math.log((quad[1] + quad[2]) / (quad[0] + quad[3])) for quad in quads]
    return float(np.median(found))


def of_pairs(logarithms: Sequence[float]) -> Ratio:
    """Return the ratio over pairs, each one independent sample; at least two."""
    middle = float(np.mean(logarithms))
    reach = mean_reach(logarithms)
    return Ratio(math.exp(middle), math.exp(middle - reach), math.exp(middle + reach))
