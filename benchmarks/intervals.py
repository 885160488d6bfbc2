"""Percentiles of samples, and where another run is expected to land."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]

# Two-sided 95 % points of Student's t by degrees of freedom, 1 to 30 (NIST/SEMATECH e-Handbook, 1.3.6.7.2).
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
# A factor of a million says that nothing is known.
_WIDEST = 13.8


def percentile(samples: Sequence[float], rank: float) -> float:
    """Return the ``rank``-th percentile (0..100), between neighbours by distance."""
    return float(np.percentile(np.asarray(samples, np.float64), rank))


def expected_again(rounds: Sequence[float], floor: float, floor_abs: float = 0.0) -> Interval:
    """Return the interval in which another round falls in 95 of 100 cases: Student's prediction interval.

    Of numbers above zero their logarithms are taken: what slows a machine down multiplies, and no cost is
    negative. Of none below zero the interval does not reach there either.

    Args:
        rounds: one value each; a run's figure is their median.
        floor: the interval reaches at least so far to either side, as a share of the value: what moves
            between runs but not within one, such as where memory lies.
        floor_abs: the same in the values' own unit; the wider of the two counts.
    """
    values = np.asarray(rounds, np.float64)
    middle = float(np.median(values))
    reach = max(floor * abs(middle), floor_abs)
    low, high = middle - reach, middle + reach
    if values.min() > 0:
        factor = float(np.exp(min(_again(np.log(values)), _WIDEST)))
        low, high = min(low, middle / factor), max(high, middle * factor)
    else:
        low, high = min(low, middle - _again(values)), max(high, middle + _again(values))
    return (low if values.min() < 0 else max(0.0, low)), high


def _again(values: NDArray[np.float64]) -> float:
    """Return how far from the middle another value lies at most in 95 of 100 cases; 0 for a single one."""
    if len(values) < 2:
        return 0.0
    t = _T[min(len(values) - 1, len(_T)) - 1]
    return float(t * values.std(ddof=1) * (1 + 1 / len(values)) ** 0.5)


def mean_reach(values: Sequence[float]) -> float:
    """Return the half-width of the 95 % confidence interval of a mean of at least two values: Student's."""
    found = np.asarray(values, np.float64)
    t = _T[min(len(found) - 1, len(_T)) - 1]
    return float(t * found.std(ddof=1) / len(found) ** 0.5)
