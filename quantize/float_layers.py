"""The layers of a float network with its batch normalisation folded in, and what they compute.

The records mirror ``mandible.models.layers``: layers read numbered values, value 0 is the features (divided
by 32), layer i computes value i + 1. Here a value is a whole sequence, (hops, channels) float32; before its
first hop everything was 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

# Name of a fused activation -> the bounds it sets.
ACTIVATIONS: dict[str, tuple[float, float]] = {
    "none": (-np.inf, np.inf),
    "relu": (0.0, np.inf),
    "relu6": (0.0, 6.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class FloatConv:
    """A convolution over time, or (with one tap) a 1x1.

    Attributes:
        source: number of the value it reads.
        weights: (outputs, taps, inputs); the last tap meets the newest frame.
        bias: (outputs,).
        dilation: frames between taps.
        activation: ``none``, ``relu`` or ``relu6``.
    """

    name: str
    source: int
    weights: Floats
    bias: Floats
    dilation: int
    activation: str

    @property
    def channels(self) -> int:
        """Number of output channels."""
        return int(self.weights.shape[0])

    @property
    def taps(self) -> int:
        """Kernel length in frames."""
        return int(self.weights.shape[1])

    @property
    def ring_frames(self) -> int:
        """Past frames it needs."""
        return (self.taps - 1) * self.dilation

    @property
    def ring_channels(self) -> int:
        """Channels of each frame it needs."""
        return int(self.weights.shape[2])

    @property
    def by_channel(self) -> Floats:
        """(outputs, weights of one output): what one int8 scale each stands for."""
        return self.weights.reshape(self.channels, -1)


@dataclass(frozen=True, slots=True, eq=False)
class FloatDepthwise:
    """A convolution over time within each channel. ``weights`` is (taps, channels), else as FloatConv."""

    name: str
    source: int
    weights: Floats
    bias: Floats
    dilation: int
    activation: str

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.weights.shape[1])

    @property
    def taps(self) -> int:
        """Kernel length in frames."""
        return int(self.weights.shape[0])

    @property
    def ring_frames(self) -> int:
        """Past frames it needs."""
        return (self.taps - 1) * self.dilation

    @property
    def ring_channels(self) -> int:
        """Channels of each frame it needs."""
        return self.channels

    @property
    def by_channel(self) -> Floats:
        """(channels, taps): what one int8 scale each stands for."""
        return self.weights.T


@dataclass(frozen=True, slots=True)
class FloatAdd:
    """The sum of the values ``left`` and ``right``, of ``channels`` channels each."""

    name: str
    left: int
    right: int
    channels: int
    activation: str


FloatLayer: TypeAlias = FloatConv | FloatDepthwise | FloatAdd


def sources(layer: FloatLayer) -> tuple[int, ...]:
    """Return the numbers of the values a layer reads."""
    return (layer.left, layer.right) if isinstance(layer, FloatAdd) else (layer.source,)


def computed(layer: FloatLayer, values: Sequence[Floats]) -> Floats:
    """Return a layer's value, (hops, channels), from those before it."""
    if isinstance(layer, FloatAdd):
        total = values[layer.left] + values[layer.right]
    else:
        total = _convolved(layer, values[layer.source]) + layer.bias
    low, high = ACTIVATIONS[layer.activation]
    clipped: Floats = np.clip(total, np.float32(low), np.float32(high))
    return clipped


def _convolved(layer: FloatConv | FloatDepthwise, value: Floats) -> Floats:
    padded = np.pad(value, ((layer.ring_frames, 0), (0, 0)))
    total = np.zeros((len(value), layer.channels), np.float32)
    for tap in range(layer.taps):
        heard = padded[tap * layer.dilation :][: len(value)]
        if isinstance(layer, FloatConv):
            total += heard @ layer.weights[:, tap].T
        else:
            total += heard * layer.weights[tap]
    return total
