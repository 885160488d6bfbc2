"""Percentiles of samples, and where another run is expected to land."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Interval = tuple[float, float]

# Two-sided 95 % points of Student's t by degrees of freedom, 1 to 30 (NIST/SEMATECH e-Handbook, 1.3.6.7.2).
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


def percentile(samples: Sequence[float], rank: float) -> float:
    """Return the ``rank``-th percentile (0..100), between neighbours by distance."""
    return float(np.percentile(np.asarray(samples, np.float64), rank))


def expected_again(rounds: Sequence[float], floor: float, floor_abs: float = 0.0) -> Interval:
    """Return the interval in which another round falls in 95 of 100 cases: Student's prediction interval.

    Args:
        rounds: one value each; a run's figure is their median.
        floor: the interval reaches at least so far to either side, as a share of the value: what moves
            between runs but not within one, such as where memory lies.
        floor_abs: the same in the values' own unit; the wider of the two counts.
    """
    values = np.asarray(rounds, np.float64)
    middle = float(np.median(values))
    reach = max(floor * abs(middle), floor_abs)
    if len(values) > 1:
        t = _T[min(len(values) - 1, len(_T)) - 1]
        reach = max(reach, t * float(values.std(ddof=1)) * (1 + 1 / len(values)) ** 0.5)
    return middle - reach, middle + reach


def mean_reach(values: Sequence[float]) -> float:
    """Return the half-width of the 95 % confidence interval of a mean of at least two values: Student's."""
    found = np.asarray(values, np.float64)
    t = _T[min(len(found) - 1, len(_T)) - 1]
    return float(t * found.std(ddof=1) / len(found) ** 0.5)
