"""How the C kernels want a layer's numbers: four outputs at a time, inputs in whole lanes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.models.layers import Add, Conv, Depthwise, Layer
from mandible.models.quantisation import UnfitError

OUTPUTS = 4
# Significand and shift of the factor 1/2.
ONE_HALF = (1 << 30, 0)
# The kernels shift a sum left before they take the high word of its product.
LARGEST_SHIFTED_SUM = 2**31 - 1
MOST_LEFT = 30
# Rows of a past and distances between taps are counted in 16 bits.
MOST_ROWS = 65535


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
        UnfitError: a sum could leave the 32 bits in which the kernels shift it.
    """
    axes = (1, 2) if isinstance(layer, Conv) else (0,)
    weights = layer.weights.astype(np.int64)
    # The reference subtracts the zero point from each value; in 32 bits, modulo 2**32, that is the same.
    bias = layer.bias - layer.input_zero_point * weights.sum(axes)
    left, right = np.maximum(layer.shifts, 0) + 1, np.maximum(-layer.shifts, 0)
    largest = np.abs(layer.bias.astype(np.int64)) + 256 * np.abs(weights).sum(axes)
    if np.any(left > MOST_LEFT) or np.any(largest << np.minimum(left, MOST_LEFT) > LARGEST_SHIFTED_SUM):
        raise UnfitError(
            f"layer {layer.name!r} has a bias or factor too large for the C kernels' 32-bit sums; its "
            "output's scale is too fine: quantise again with speech that the model is for"
        )
    size = filled(len(bias), OUTPUTS)
    # Outputs that only fill up a group are scaled too: by nothing, in a way that every kernel can shift.
    rows = [
        _padded(values, size, filler)
        for values, filler in ((bias, 0), (layer.significands, 0), (left, 1), (right, 1))
    ]
    return [Scaling(*(row[i : i + OUTPUTS] for row in rows)) for i in range(0, size, OUTPUTS)]


def check(layer: Layer) -> None:
    """Raise UnfitError for what the C structures have no room for; see ``mandible_kernels.h``."""
    if isinstance(layer, Add):
        if layer.shift > -1:
            raise UnfitError(
                f"layer {layer.name!r} adds inputs that are far coarser than its output; "
                "quantise it again with a coarser output"
            )
        return
    if layer.ring_frames > MOST_ROWS or layer.dilation > MOST_ROWS:
        raise UnfitError(
            f"layer {layer.name!r} remembers {layer.ring_frames} rows, and exported C counts at most "
            f"{MOST_ROWS}; use a shorter kernel or dilation"
        )


def _padded(values: NDArray[np.integer], size: int, filler: int) -> NDArray[np.int64]:
    padded = np.full(size, filler, np.int64)
    padded[: len(values)] = values
    return padded
