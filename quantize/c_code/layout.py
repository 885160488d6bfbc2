"""How the C kernels want a layer's numbers: four outputs at a time, inputs in whole lanes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models.layers import Conv, Depthwise

OUTPUTS = 4
# Significand and shift of the factor 1/2.
ONE_HALF = (1 << 30, 0)
# The kernels shift a sum left before they take the high word of its product.
LARGEST_SHIFTED_SUM = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Scaling:
    """Bias and factor of four outputs, as ``mandible_scaling`` holds them."""

    bias: NDArray[np.int64]
    significand: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]


def filled(count: int, lanes: int) -> int:
    """Return ``count`` rounded up to whole lanes."""
    return -(-count // lanes) * lanes


def full_weights(layer: Conv, lanes: int) -> NDArray[np.int8]:
    """(outputs, taps, inputs) -> [outputs / 4][taps][inputs / lanes][4][lanes], flat, zeros between."""
    outputs, taps, inputs = layer.weights.shape
    padded = np.zeros((filled(outputs, OUTPUTS), taps, filled(inputs, lanes)), np.int8)
    padded[:outputs, :, :inputs] = layer.weights
    blocks = padded.reshape(-1, OUTPUTS, taps, padded.shape[2] // lanes, lanes)
    return np.ascontiguousarray(blocks.transpose(0, 2, 3, 1, 4)).reshape(-1)


def depthwise_weights(layer: Depthwise) -> NDArray[np.int8]:
    """(taps, channels) -> [channels / 4][taps][4], flat, zeros between."""
    taps, channels = layer.weights.shape
    padded = np.zeros((taps, filled(channels, OUTPUTS)), np.int8)
    padded[:, :channels] = layer.weights
    return np.ascontiguousarray(padded.reshape(taps, -1, OUTPUTS).transpose(1, 0, 2)).reshape(-1)


def scalings(layer: Conv | Depthwise) -> list[Scaling]:
    """Return the scalings of a layer, four outputs each, with the input's zero point folded into the bias.

    Raises:
        InputError: a sum could leave the 32 bits in which the kernels shift it.
    """
    axes = (1, 2) if isinstance(layer, Conv) else (0,)
    weights = layer.weights.astype(np.int64)
    # The reference subtracts the zero point from each value; in 32 bits, modulo 2**32, that is the same.
    bias = layer.bias - layer.input_zero_point * weights.sum(axes)
    left, right = np.maximum(layer.shifts, 0) + 1, np.maximum(-layer.shifts, 0)
    largest = np.abs(layer.bias.astype(np.int64)) + 256 * np.abs(weights).sum(axes)
    if np.any(largest << np.minimum(left, 31) > LARGEST_SHIFTED_SUM):
        raise InputError(
            f"layer {layer.name!r} has a bias or factor too large for the C kernels' 32-bit sums; "
            "calibrate with the speech the model is for"
        )
    size = filled(len(bias), OUTPUTS)
    rows = [_padded(values, size) for values in (bias, layer.significands, left, right)]
    return [Scaling(*(row[i : i + OUTPUTS] for row in rows)) for i in range(0, size, OUTPUTS)]


def _padded(values: NDArray[np.integer], size: int) -> NDArray[np.int64]:
    padded = np.zeros(size, np.int64)
    padded[: len(values)] = values
    return padded
