"""Check a tensor's quantisation and turn its scales into the integers of TensorFlow Lite's kernels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mandible.models.fixed_point import quantize_multiplier
from mandible.models.layers import Output
from mandible.models.tflite_file import Tensor

INT8_LOW, INT8_HIGH = -128, 127
# The largest sum before the output's zero point is added, which must still fit 32 bits.
LARGEST_SUM = 2**31 - 1 - 256
# Plausible scales lie well inside; beyond them a kernel's float or integer steps would overflow.
SMALLEST_SCALE, LARGEST_SCALE = 2.0**-40, 2.0**20
SMALLEST_ACTIVATION_SCALE = 2.0**-24
# TensorFlow Lite itself tolerates this much between a bias' scale and input scale x weight scale.
BIAS_SCALE_TOLERANCE = 0.02
# Schema numbers of the fused activations we know, and the real bounds they set.
ACTIVATIONS: dict[int, tuple[float | None, float | None]] = {0: (None, None), 1: (0.0, None), 3: (0.0, 6.0)}


class UnfitError(Exception):
    """A graph is well formed but none of ours; the text says why, without the file's name."""


def activation_quantisation(tensor: Tensor) -> tuple[float, int]:
    """Return (scale, zero point) of an int8 activation."""
    if tensor.kind != "int8":
        raise UnfitError(f"tensor {tensor.name!r} is {tensor.kind}, not int8")
    if tensor.scales.size != 1 or tensor.zero_points.size != 1:
        raise UnfitError(f"tensor {tensor.name!r} needs one scale and one zero point")
    scale, zero_point = float(tensor.scales[0]), int(tensor.zero_points[0])
    if not SMALLEST_ACTIVATION_SCALE <= scale <= LARGEST_SCALE:  # also refuses NaN
        raise UnfitError(f"tensor {tensor.name!r} has the impossible scale {scale}")
    if not INT8_LOW <= zero_point <= INT8_HIGH:
        raise UnfitError(f"tensor {tensor.name!r} has zero point {zero_point}, outside -128..127")
    return scale, zero_point


def clamped_output(tensor: Tensor, activation: int) -> Output:
    """Return the output of a layer with a fused activation (``CalculateActivationRangeQuantized``)."""
    scale, zero_point = activation_quantisation(tensor)
    if activation not in ACTIVATIONS:
        raise UnfitError(
            f"tensor {tensor.name!r} uses fused activation {activation}; ours are none, RELU, RELU6"
        )
    lowest, highest = ACTIVATIONS[activation]
    low = INT8_LOW if lowest is None else max(INT8_LOW, zero_point)
    high = INT8_HIGH
    if highest is not None:
        # Single precision and half away from zero, as the kernels compute it.
        steps = math.floor(float(np.float32(highest) / np.float32(scale)) + 0.5)
        high = min(INT8_HIGH, zero_point + steps)
    return Output(scale, zero_point, low, high)


def requantisation(
    source: Tensor, weights: Tensor, bias: Tensor, output: Tensor, channels: int, axis: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return (significands, shifts), one per output channel, of input scale x weight scale / output scale."""
    if not weights.scales.size == weights.zero_points.size or weights.scales.size not in (1, channels):
        raise UnfitError(f"tensor {weights.name!r} needs one scale, or one per output channel")
    if weights.scales.size > 1 and weights.axis != axis:
        raise UnfitError(f"tensor {weights.name!r} has its scales along axis {weights.axis}, not {axis}")
    if np.any(weights.zero_points):
        raise UnfitError(f"tensor {weights.name!r} has weights with a zero point; int8 weights are symmetric")
    scales = np.broadcast_to(weights.scales.astype(np.float64), channels)
    if not np.all((scales >= SMALLEST_SCALE) & (scales <= LARGEST_SCALE)):
        raise UnfitError(f"tensor {weights.name!r} has an impossible scale")
    products = float(source.scales[0]) * scales
    _check_bias_scale(bias, products)
    pairs = [quantize_multiplier(product / float(output.scales[0])) for product in products.tolist()]
    factors = np.array(pairs, np.int64).reshape(channels, 2)
    return _frozen(factors[:, 0]), _frozen(factors[:, 1])


def check_sums(
    name: str, sums_of_weights: NDArray[np.int64], bias: NDArray[np.int32], shifts: NDArray[np.int32]
) -> None:
    """Refuse weights with which a 32-bit accumulator could overflow for some input.

    ``sums_of_weights`` holds each output channel's sum of absolute weights.
    """
    largest = (256 * sums_of_weights + np.abs(bias.astype(np.int64))).tolist()
    for bound, shift in zip(largest, shifts.tolist(), strict=True):
        if bound << max(shift, 0) > LARGEST_SUM:
            raise UnfitError(
                f"tensor {name!r} has a bias or factor so large that its 32-bit sum would overflow"
            )


def _check_bias_scale(bias: Tensor, products: NDArray[np.float64]) -> None:
    if bias.scales.size not in (1, products.size) or np.any(bias.zero_points):
        raise UnfitError(f"tensor {bias.name!r} needs one scale per output channel and zero point 0")
    if not np.all(np.abs(bias.scales - products) <= BIAS_SCALE_TOLERANCE * products):
        raise UnfitError(f"tensor {bias.name!r} has a scale that is not input scale x weight scale")


def _frozen(values: NDArray[np.int64]) -> NDArray[np.int32]:
    result = values.astype(np.int32)
    result.flags.writeable = False
    return result
