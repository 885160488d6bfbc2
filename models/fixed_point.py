"""Real factors as integers, the way TensorFlow Lite's reference kernels do it.

A factor is a 31-bit significand and a power of two: ``real = significand / 2**31 * 2**shift``. Sources:
``QuantizeMultiplier`` and ``MultiplyByQuantizedMultiplier`` (tensorflow/lite/kernels/internal) and
``SaturatingRoundingDoublingHighMul`` / ``RoundingDivideByPOT`` (gemmlowp/fixedpoint).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SIGNIFICAND_BITS = 31
SMALLEST_SHIFT = -31


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Return (significand, shift) nearest to ``real`` >= 0; significand is 0 or in 2**30 .. 2**31 - 1."""
    fraction, shift = math.frexp(real)
    significand = math.floor(fraction * (1 << SIGNIFICAND_BITS) + 0.5)
    if significand == 1 << SIGNIFICAND_BITS:
        significand //= 2
        shift += 1
    return (0, 0) if shift < SMALLEST_SHIFT else (significand, shift)


def multiply(
    values: NDArray[np.int64], significand: NDArray[np.int32] | int, shift: NDArray[np.int32] | int
) -> NDArray[np.int64]:
    """Return values * significand / 2**31 * 2**shift, rounded twice as the reference kernels round.

    ``values`` shifted left by a positive ``shift`` must fit 32 bits; ``Network`` guarantees it.
    """
    left, right = np.maximum(shift, 0), np.maximum(np.negative(shift), 0)
    # Rounding up at half and truncating toward zero from 1 - 2**30 (as gemmlowp does) are one and the same.
    product = (
        np.left_shift(values, left) * np.asarray(significand, np.int64) + (1 << 30)
    ) >> SIGNIFICAND_BITS
    remainder = product & ((1 << right) - 1)
    # The second rounding goes half away from zero.
    threshold = ((1 << right) - 1 >> 1) + (product < 0)
    result: NDArray[np.int64] = (product >> right) + (remainder > threshold)
    return result
