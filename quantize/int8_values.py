"""Every value of an int8 network on a whole recording at once: the reference engine's arithmetic, vectorised.

Used to look inside a network; ``mandible.device.engines.reference`` is the definition it is tested against.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mandible.models.fixed_point import multiply
from mandible.models.layers import ADD_LEFT_SHIFT, Add, Conv, Depthwise, Layer, Operand, Output
from mandible.models.network import Network

Ints: TypeAlias = NDArray[np.int64]


def values(network: Network, mels: NDArray[np.int8]) -> list[Ints]:
    """Return every value on (n, 40) int8 features from silence on: (n, channels) each, -128..127."""
    found: list[Ints] = [mels.astype(np.int64)]
    for layer in network.layers:
        found.append(computed(layer, found))
    return found


def computed(layer: Layer, known: Sequence[Ints]) -> Ints:
    """Return a layer's value, (hops, channels), from those before it."""
    if isinstance(layer, Add):
        total = _rescaled(layer.left, known) + _rescaled(layer.right, known)
        return _quantised(multiply(total, layer.significand, layer.shift), layer.output)
    sums = _convolved(layer, known[layer.source]) + layer.bias
    return _quantised(multiply(sums, layer.significands, layer.shifts), layer.output)


def _convolved(layer: Conv | Depthwise, value: Ints) -> Ints:
    # Double precision holds these sums exactly and multiplies matrices much faster than integers.
    centred = np.pad((value - layer.input_zero_point).astype(np.float64), ((layer.ring_frames, 0), (0, 0)))
    weights = layer.weights.astype(np.float64)
    total = np.zeros((len(value), layer.channels))
    for tap in range(layer.taps):
        heard = centred[tap * layer.dilation :][: len(value)]
        total += heard @ weights[:, tap].T if isinstance(layer, Conv) else heard * weights[tap]
    return total.astype(np.int64)


def _rescaled(operand: Operand, known: Sequence[Ints]) -> Ints:
    centred = known[operand.source] - operand.zero_point
    return multiply(centred << ADD_LEFT_SHIFT, operand.significand, operand.shift)


def _quantised(scaled: Ints, output: Output) -> Ints:
    return np.clip(scaled + output.zero_point, output.low, output.high)
