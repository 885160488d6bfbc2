"""The network in plain numpy integers: the readable definition that fast engines are tested against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mandible.device.engines.base import check_features, heads_of
from mandible.device.frames import Logits, Mel
from mandible.models.fixed_point import multiply
from mandible.models.layers import ADD_LEFT_SHIFT, Add, Conv, Depthwise, Operand, Output
from mandible.models.network import Network

Ints: TypeAlias = NDArray[np.int64]


class ReferenceEngine:
    """Every layer as TensorFlow Lite's reference kernels define it, written for reading."""

    name = "reference"
    exact = True

    def __init__(self, network: Network) -> None:
        self.output_scale = network.output_scale
        self.heads = heads_of(network)
        self._network = network
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first hop."""
        self._rings = [
            np.full((layer.ring_frames, layer.ring_channels), layer.input_zero_point, np.int64)
            for layer in self._network.rings
        ]
        self._values: list[Ints] = []

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits."""
        check_features(mel)
        values: list[Ints] = [mel.astype(np.int64)]
        rings: list[Ints] = []
        for layer in self._network.layers:
            if isinstance(layer, Add):
                values.append(_add(layer, values))
                continue
            frames = values[layer.source][np.newaxis]
            if layer.ring_frames:
                frames = np.concatenate([self._rings[len(rings)], frames])
                rings.append(frames[1:])
            values.append(_convolve(layer, frames[:: layer.dilation]))
        self._rings = rings
        self._values = values
        return values[self._network.logits_value].astype(np.int8)

    def head_values(self) -> Mapping[str, tuple[int, ...]]:
        """Return the int8 values of every head for the latest hop."""
        return {head.name: tuple(self._values[head.value].tolist()) for head in self._network.heads}


def _convolve(layer: Conv | Depthwise, window: Ints) -> Ints:
    centred = window - layer.input_zero_point
    weights = layer.weights.astype(np.int64)
    subscripts = "oki,ki->o" if isinstance(layer, Conv) else "kc,kc->c"
    sums = np.einsum(subscripts, weights, centred) + layer.bias
    return _quantised(multiply(sums, layer.significands, layer.shifts), layer.output)


def _add(layer: Add, values: list[Ints]) -> Ints:
    total = _rescaled(layer.left, values) + _rescaled(layer.right, values)
    return _quantised(multiply(total, layer.significand, layer.shift), layer.output)


def _rescaled(operand: Operand, values: list[Ints]) -> Ints:
    centred = values[operand.source] - operand.zero_point
    return multiply(centred << ADD_LEFT_SHIFT, operand.significand, operand.shift)


def _quantised(scaled: Ints, output: Output) -> Ints:
    return np.clip(scaled + output.zero_point, output.low, output.high)
