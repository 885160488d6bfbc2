"""How much would a figure vary with other speakers? Percentile bootstrap over units, from their sums.

Whole speakers are drawn with replacement, because frames of one speaker resemble each other: an interval over
frames would be far too narrow. Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mandible.models.scoring.counting import Counts, Totals, totals
from mandible.models.scoring.figures import figures
from mandible.models.scoring.timeline import Floats

DRAWS = 1000
SEED = 20_240
PERCENTILES = (2.5, 97.5)
Interval = tuple[float, float]


def weights(units: int, draws: int, seed: int) -> Floats:
    """Return (draws, units): how often each unit is in each resample."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(units, np.full(units, 1 / units), size=draws).astype(np.float64)


def interval(values: Floats) -> Interval | None:
    """Return the 95 % interval of a figure's (draws,) values; None where fewer than half are defined."""
    defined = values[~np.isnan(values)]
    if len(defined) < max(1, len(values) / 2):
        return None
    low, high = np.percentile(defined, PERCENTILES)
    return float(low), float(high)


def intervals(
    counts: Counts,
    units: int,
    draws: int = DRAWS,
    seed: int = SEED,
    of_sums: Callable[[Totals], dict[str, Floats]] = figures,
) -> dict[str, Interval | None]:
    """Return the 95 % interval of every figure that ``of_sums`` makes; empty for fewer than two units."""
    if units < 2 or draws < 1:
        return {}
    drawn = of_sums(totals(counts, weights(units, draws, seed)))
    return {name: interval(values) for name, values in drawn.items()}
