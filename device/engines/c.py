"""The compiled engine: exact, and the default where its kernel is installed.

Import this module only where ``_tcn`` is there (``mandible.device.engines.available()`` says so).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mandible.device.engines import _tcn
from mandible.device.engines.base import check_features, heads_of
from mandible.device.frames import Logits, Mel
from mandible.models.layers import Add, Conv, Depthwise, Layer
from mandible.models.network import Network

# The layout is told in tcn.h, which checks everything again.
MARK = 0x324E4354
CONV, DEPTHWISE, ADD = 0, 1, 2
WORD_BYTES = 4


class CEngine:
    """The network in C: ring buffers instead of copied states, sums of int16 products."""

    name = "c"
    exact = True

    def __init__(self, network: Network) -> None:
        self.output_scale = network.output_scale
        self.heads = heads_of(network)
        self.description = describe(network)
        self._kernel = _tcn.Kernel(self.description)
        self._logits = network.output_channels
        self._results = b""

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits (read-only)."""
        check_features(mel)
        results = self._results = self._kernel.step(mel.tobytes())
        return np.frombuffer(results, np.int8, self._logits)

    def head_values(self) -> Mapping[str, tuple[int, ...]]:
        """Return the int8 values of every head for the latest hop."""
        rest, values = memoryview(self._results)[self._logits :].cast("b"), {}
        for head in self.heads:
            values[head.name], rest = tuple(rest[: head.channels]), rest[head.channels :]
        return values

    def reset(self) -> None:
        """Return to the state before the first hop."""
        self._kernel.reset()


def describe(network: Network) -> bytes:
    """Return the flat description from which ``tcn.h`` makes a network; outputs: logits, then heads."""
    outputs = [(network.logits_value, network.output_channels)]
    outputs += [(head.value, head.channels) for head in network.heads]
    header = _words(MARK, network.input_channels, len(network.layers), len(outputs))
    shown = b"".join(_words(*output) for output in outputs)
    return header + shown + b"".join(_layer(layer) for layer in network.layers)


def _layer(layer: Layer) -> bytes:
    output = layer.output
    clamp = (output.zero_point, output.low, output.high)
    if isinstance(layer, Add):
        sides = [
            number
            for side in (layer.left, layer.right)
            for number in (side.source, side.zero_point, side.significand, side.shift)
        ]
        return _words(ADD, *sides, layer.significand, layer.shift, *clamp)
    kind = CONV if isinstance(layer, Conv) else DEPTHWISE
    sizes = (layer.source, layer.channels, layer.taps, layer.dilation, layer.input_zero_point)
    return _words(kind, *sizes, *clamp) + _parameters(layer)


def _parameters(layer: Conv | Depthwise) -> bytes:
    weights = layer.weights.tobytes()
    filling = bytes(-len(weights) % WORD_BYTES)
    per_channel = (layer.bias, layer.significands, layer.shifts)
    return b"".join(_words(*numbers.tolist()) for numbers in per_channel) + weights + filling


def _words(*numbers: int) -> bytes:
    words: NDArray[np.int32] = np.array(numbers, np.int32)
    return words.tobytes()
