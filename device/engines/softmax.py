"""Softmax of int8 logits in integers: a table of exponentials, and weights that sum to exactly 255."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FULL = 255
TABLE_ONE = 65535


def exponentials(output_scale: float) -> NDArray[np.int64]:
    """(256,) round(65535 * exp(-d * output_scale)) for logits d int8 steps below the largest.

    The only float arithmetic; a microcontroller gets the finished table.
    """
    return np.array([round(TABLE_ONE * math.exp(-d * output_scale)) for d in range(256)], np.int64)


def in_proportion(values: Sequence[int]) -> list[int]:
    """Integers >= 0 with a sum of at least 1 -> as many in proportion, 0..255, summing to exactly 255.

    Each is rounded to nearest, halves up; what the roundings leave over goes to the first of the largest.
    """
    total = sum(values)
    half = total // 2
    weights = [(FULL * value + half) // total for value in values]
    weights[values.index(max(values))] += FULL - sum(weights)
    return weights


class Softmax:
    """Softmax for one network's output scale (float logit per int8 step, > 0)."""

    def __init__(self, output_scale: float) -> None:
        self.table = exponentials(output_scale)
        self._table: list[int] = self.table.tolist()

    def shares(self, logits: Sequence[int]) -> list[int]:
        """Fifteen logits, -128..127 -> weights that sum to 255 (plain integers: they are quicker here)."""
        largest, table = max(logits), self._table
        return in_proportion([table[largest - logit] for logit in logits])
