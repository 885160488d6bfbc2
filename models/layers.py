"""The layers of a streaming int8 network: plain, immutable records of integers.

Arithmetic: TensorFlow Lite's int8 reference kernels. Layers read numbered values: value 0 is the hop's
features, layer i computes value i + 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

# Both sides of an addition gain this many bits before they are rescaled.
ADD_LEFT_SHIFT = 20


@dataclass(frozen=True, slots=True)
class Output:
    """How a layer's 32-bit sum becomes int8: offset by ``zero_point``, clamped to ``low`` .. ``high``."""

    scale: float
    zero_point: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, eq=False)
class Conv:
    """A convolution over time, or (with one tap) a 1x1.

    Attributes:
        source: number of the value it reads.
        weights: (outputs, taps, inputs) int8; the last tap meets the newest frame.
        bias: (outputs,) int32.
        significands, shifts: (outputs,) int32, see ``mandible.models.fixed_point``.
        dilation: frames between taps.
    """

    name: str
    source: int
    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    significands: NDArray[np.int32]
    shifts: NDArray[np.int32]
    dilation: int
    input_zero_point: int
    output: Output

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


@dataclass(frozen=True, slots=True, eq=False)
class Depthwise:
    """A convolution over time within each channel. ``weights`` is (taps, channels) int8, else as ``Conv``."""

    name: str
    source: int
    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    significands: NDArray[np.int32]
    shifts: NDArray[np.int32]
    dilation: int
    input_zero_point: int
    output: Output

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


@dataclass(frozen=True, slots=True)
class Operand:
    """One side of an addition: (value - zero_point) << 20, times its factor."""

    source: int
    zero_point: int
    significand: int
    shift: int


@dataclass(frozen=True, slots=True)
class Add:
    """The sum of two values of ``channels`` channels, times the output's factor."""

    name: str
    left: Operand
    right: Operand
    significand: int
    shift: int
    channels: int
    output: Output


Layer: TypeAlias = Conv | Depthwise | Add
