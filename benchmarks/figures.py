"""The figures that probes measure: unit, meaning, and how they are to be read; from ``figures.toml``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = Path(__file__).with_name("figures.toml")


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: its key in the table.
        unit: as people write it; empty for a ratio.
        better: which way is an improvement; ``neither`` for what only describes.
        meaning: a sentence for a reader.
        statistic: what is taken of a round's samples.
        portable: the same on every machine, so that a result file may be held against another's.
        tolerance: how much worse (share of the baseline) still passes where it is compared.
        floor: least half-width of its interval, as a share.
        floor_abs: the same in the figure's unit; the wider of the two counts.
        distribution: whether its samples form a distribution worth drawing.
    """

    name: str
    unit: str
    better: Literal["lower", "higher", "neither"]
    meaning: str
    statistic: Literal["median", "mean", "best", "worst", "p99"] = "median"
    portable: bool = False
    tolerance: float = 0.0
    floor: float = 0.03
    floor_abs: float = 0.0
    distribution: bool = False

    def of(self, samples: Sequence[float]) -> float:
        """Return the statistic of some samples."""
        values = np.asarray(samples, np.float64)
        if self.statistic == "mean":
            return float(values.mean())
        if self.statistic == "p99":
            return float(np.percentile(values, 99))
        if self.statistic in ("best", "worst"):
            lowest = (self.statistic == "best") == (self.better != "higher")
            return float(values.min() if lowest else values.max())
        return float(np.median(values))


@lru_cache(maxsize=1)
def figures() -> dict[str, Figure]:
    """Return every figure by name, in the table's order."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: Figure(name=name, **entry) for name, entry in table.items()}


def figure_named(name: str) -> Figure:
    """Return a figure; raises ValueError where the table has none of that name."""
    try:
        return figures()[name]
    except KeyError:
        raise ValueError(f"{name}: no figure of {TABLE.name}") from None
