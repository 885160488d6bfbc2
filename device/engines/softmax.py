"""Softmax of int8 logits in integers: a table of exponentials, and weights that sum to exactly 255."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import Logits, Weights

FULL = 255
TABLE_ONE = 65535


def exponentials(output_scale: float) -> NDArray[np.int64]:
    """(256,) round(65535 * exp(-d * output_scale)) for logits d int8 steps below the largest.

    The only float arithmetic; a microcontroller gets the finished table.
    """
    return np.array([round(TABLE_ONE * math.exp(-d * output_scale)) for d in range(256)], np.int64)


def normalised(values: NDArray[np.int64]) -> Weights:
    """(n,) integers >= 0 with a sum of at least 1 -> (n,) uint8 in proportion, summing to exactly 255.

    Each is rounded to nearest, halves up; what the roundings leave over goes to the first of the largest.
    """
    whole = values.tolist()
    total = sum(whole)
    weights = [(FULL * value + total // 2) // total for value in whole]
    weights[whole.index(max(whole))] += FULL - sum(weights)
    return np.array(weights, np.uint8)


class Softmax:
    """Softmax for one network's output scale (float logit per int8 step, > 0)."""

    def __init__(self, output_scale: float) -> None:
        self.table = exponentials(output_scale)

    def weights(self, logits: Logits) -> Weights:
        """(15,) int8 logits -> (15,) uint8 weights that sum to 255."""
        steps = logits.astype(np.int64)
        return normalised(self.table[steps.max() - steps])
