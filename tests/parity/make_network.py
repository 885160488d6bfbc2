"""Small int8 networks of any shape and random weights, as whole-sequence files, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import MEL_BANDS
from mandible.models.tflite_file import Tensor
from mandible.quantize.tflite_writer import TfliteWriter

NONE, RELU, RELU6 = 0, 1, 3
FEATURE_STEP = 1 / 32


@dataclass(frozen=True)
class Shape:
    """What to build: a stem, blocks of (kernel, dilation), heads, how many of these precede the logits."""

    channels: int = 8
    stem_taps: int = 3
    blocks: tuple[tuple[int, int], ...] = ((5, 1), (5, 2))
    heads: Mapping[str, int] = field(default_factory=dict)
    logits_at: int = 0
    head_taps: int = 1
    frames: int = 64
    seed: int = 1


@dataclass(frozen=True)
class _Value:
    index: int
    channels: int
    tensor: Tensor


def quantised(
    kind: str, shape: tuple[int, ...], scales: object, zero_points: object, axis: int = 0
) -> Tensor:
    """Return a tensor's description without data."""
    return Tensor("", shape, kind, np.atleast_1d(np.array(scales, np.float32)),
                  np.atleast_1d(np.array(zero_points, np.int64)), axis, None)  # fmt: skip


class _Maker:
    def __init__(self, shape: Shape) -> None:
        self.shape, self.writer = shape, TfliteWriter("random network")
        self.rng = np.random.default_rng(shape.seed)

    def sequence(self, name: str, channels: int, scale: float, zero_point: int, frames: int = 0) -> _Value:
        size = (1, frames or self.shape.frames, 1, channels)
        like = quantised("int8", size, scale, zero_point)
        return _Value(self.writer.activation(name, size, like), channels, like)

    def conv(
        self, name: str, source: _Value, taps: int, dilation: int, channels: int | None, activation: int
    ) -> _Value:
        """``channels`` None makes it depthwise."""
        depthwise, reach = channels is None, (taps - 1) * dilation
        width = source.channels if channels is None else channels
        read = source
        if reach:
            scale, zero_point = float(source.tensor.scales[0]), int(source.tensor.zero_points[0])
            read = self.sequence(f"{name}/pad", source.channels, scale, zero_point, self.shape.frames + reach)
            amounts = self.writer.numbers(f"{name}/paddings", [[0, 0], [reach, 0], [0, 0], [0, 0]])
            self.writer.operator("PAD", [source.index, amounts], read.index)
        size = (1, taps, 1, width) if depthwise else (width, taps, 1, source.channels)
        fan_in = taps if depthwise else taps * source.channels
        # About the spread of the inputs, so that activations neither vanish nor saturate throughout.
        scales = self.rng.uniform(0.6, 1.4, width) / (60 * np.sqrt(fan_in))
        weights = self._constant(f"{name}/kernel", self.rng.integers(-127, 128, size).astype(np.int8),
                                 scales, 3 if depthwise else 0)  # fmt: skip
        sums = np.float64(source.tensor.scales[0]) * scales.astype(np.float32)
        bias = np.round(self.rng.normal(0.3, 0.5, width) / sums).astype("<i4")
        bias_number = self._constant(f"{name}/bias", bias, sums, 0)
        result = self._result(name, width, activation)
        options = {"padding": 1, "strideH": 1, "strideW": 1, "dilationHFactor": dilation,
                   "dilationWFactor": 1, "fusedActivationFunction": activation}  # fmt: skip
        kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        options |= {"depthMultiplier": 1} if depthwise else {}
        self.writer.operator(kind, [read.index, weights, bias_number], result.index, options)
        return result

    def add(self, name: str, left: _Value, right: _Value) -> _Value:
        result = self._result(name, left.channels, RELU6)
        self.writer.operator(
            "ADD", [left.index, right.index], result.index, {"fusedActivationFunction": RELU6}
        )
        return result

    def _result(self, name: str, channels: int, activation: int) -> _Value:
        scale = 6 / 255 if activation == RELU6 else float(self.rng.uniform(0.03, 0.06))
        zero_point = int(self.rng.integers(-20, 20)) if activation == NONE else -128
        return self.sequence(name, channels, scale, zero_point)

    def _constant(
        self, name: str, values: NDArray[np.generic], scales: NDArray[np.float64], axis: int
    ) -> int:
        kind = "int8" if values.dtype == np.int8 else "int32"
        data = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
        like = quantised(kind, values.shape, scales, np.zeros(scales.size), axis)
        return self.writer.copy(
            name, Tensor(name, values.shape, kind, like.scales, like.zero_points, axis, data)
        )


def whole(shape: Shape) -> bytes:
    """Return the bytes of a whole-sequence model; operators and outputs in the same order."""
    maker = _Maker(shape)
    mel = maker.sequence("mel", MEL_BANDS, FEATURE_STEP, 0)
    value = maker.conv("net/stem", mel, shape.stem_taps, 1, shape.channels, RELU6)
    for number, (taps, dilation) in enumerate(shape.blocks):
        deep = maker.conv(f"net/block{number}_depth", value, taps, dilation, None, RELU6)
        point = maker.conv(f"net/block{number}_point", deep, 1, 1, shape.channels, NONE)
        value = maker.add(f"net/block{number}_add", point, value)

    def head(name: str) -> int:
        return maker.conv(f"net/{name}/Conv2D", value, shape.head_taps, 1, shape.heads[name], NONE).index

    names = list(shape.heads)
    before = [head(name) for name in names[: shape.logits_at]]
    logits = maker.conv("net/logits", value, 1, 1, 15, NONE).index
    after = [head(name) for name in names[shape.logits_at :]]
    return maker.writer.pack([mel.index], [*before, logits, *after])
