"""A network as ONNX that computes the reference kernels' bytes: sums in float64, the rest in int64.

For tests of other runtimes and where ONNX Runtime must equal the ``c`` engine; no accelerator takes it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mandible.models.fixed_point import SIGNIFICAND_BITS
from mandible.models.layers import ADD_LEFT_SHIFT, Add, Conv, Depthwise, Operand, Output
from mandible.models.network import Network
from mandible.quantize.onnx_export.graph import FEATURES, TIME_AXIS, GraphWriter
from mandible.quantize.onnx_export.meaning import int8_meaning

# Added before the first division, which truncates, so that what it divides is never negative: a multiple
# of the divisor above every product, and the two together still fit 64 bits.
ABOVE = 1 << 62


def exact(network: Network, told: Mapping[str, object] | None = None) -> bytes:
    """Return the ``.onnx`` file of one hop whose logits are those of the exact engines, byte for byte.

    Args:
        network: what to write.
        told: more metadata, such as the model's name and checksum.
    """
    return _Writer(network).run(dict(told or {}))


class _Writer:
    """One pass over the layers; tensors between them are int8."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._graph = GraphWriter(network.input_channels, np.int8)
        self._values = [FEATURES]
        self._scales = [network.input_scale]

    def run(self, told: dict[str, object]) -> bytes:
        network = self._network
        for number, layer in enumerate(network.layers):
            name = f"layer/{number}"
            if isinstance(layer, Add):
                left = self._rescaled(f"{name}/left", layer.left)
                right = self._rescaled(f"{name}/right", layer.right)
                total = self._graph.node("Add", [left, right], f"{name}/total")
                scaled = self._multiplied(name, total, layer.significand, layer.shift)
            else:
                scaled = self._multiplied(name, self._sums(name, layer), layer.significands, layer.shifts)
            self._values.append(self._quantised(name, scaled, layer.output))
            self._scales.append(layer.output.scale)
        facts = {"precision": "exact", "symmetric": False, **int8_meaning(network)}
        return self._graph.finish(
            self._values[network.logits_value],
            network.output_channels,
            [(head, self._values[head.value]) for head in network.heads],
            {**facts, **told},
        )

    def _sums(self, name: str, layer: Conv | Depthwise) -> str:
        """Return the 32-bit sums as int64 [1, channels, 1, 1]; float64 holds every step of them exactly."""
        graph, frame = self._graph, self._values[layer.source]
        if layer.ring_frames:
            scale, zero_point = self._scales[layer.source], layer.input_zero_point
            frame = graph.window(frame, layer.ring_frames, layer.ring_channels, scale, zero_point)
            frame = graph.frames(frame, f"{name}/frames", 0, layer.ring_frames + 1, layer.dilation)
        taps = graph.cast(frame, f"{name}/taps", np.float64)
        if isinstance(layer, Depthwise):
            weights = self._weights(name, layer.weights.T[np.newaxis, ..., np.newaxis])
            products = graph.node("Mul", [taps, weights], f"{name}/products")
            axes = graph.constant("sum/axes", [TIME_AXIS], np.int64)
            sums = graph.node("ReduceSum", [products, axes], f"{name}/sums", keepdims=1)
        else:
            # Channel by channel, each with its taps: the order in which the window lies in memory.
            weights = self._weights(name, layer.weights.transpose(2, 1, 0).reshape(-1, layer.channels))
            row = self._reshaped(taps, f"{name}/row", (1, -1))
            column = graph.node("MatMul", [row, weights], f"{name}/column")
            sums = self._reshaped(column, f"{name}/sums", (1, -1, 1, 1))
        summed = (1, 2) if isinstance(layer, Conv) else (0,)
        bias = layer.bias - layer.input_zero_point * layer.weights.sum(summed, dtype=np.int64)
        return self._with("Add", graph.cast(sums, f"{name}/whole", np.int64), f"{name}/total", bias)

    def _weights(self, name: str, weights: NDArray[np.int8]) -> str:
        stored = self._graph.constant(f"{name}/weights_int8", weights, np.int8)
        return self._graph.cast(stored, f"{name}/weights", np.float64)

    def _rescaled(self, name: str, operand: Operand) -> str:
        value = self._graph.cast(self._values[operand.source], f"{name}/whole", np.int64)
        centred = self._with("Sub", value, f"{name}/centred", operand.zero_point)
        shifted = self._with("Mul", centred, f"{name}/shifted", 1 << ADD_LEFT_SHIFT)
        return self._multiplied(name, shifted, operand.significand, operand.shift)

    def _multiplied(self, name: str, value: str, significand: ArrayLike, shift: ArrayLike) -> str:
        """``mandible.models.fixed_point.multiply``: rounded half up, then half away from zero."""
        factors, shifts = np.asarray(significand, np.int64), np.asarray(shift, np.int64)
        left, right = np.maximum(shifts, 0), np.maximum(-shifts, 0)
        one = 1 << SIGNIFICAND_BITS
        product = self._with("Mul", value, f"{name}/product", factors << left)
        above = self._with("Add", product, f"{name}/above", ABOVE + one // 2)
        high = self._with("Div", above, f"{name}/high", one)
        rounded = self._with("Sub", high, f"{name}/rounded", ABOVE // one)
        size = self._graph.node("Abs", [rounded], f"{name}/size")
        half = self._with("Add", size, f"{name}/half", np.int64(1) << right >> 1)
        steps = self._with("Div", half, f"{name}/steps", np.int64(1) << right)
        sign = self._graph.node("Sign", [rounded], f"{name}/sign")
        return self._graph.node("Mul", [steps, sign], f"{name}/scaled")

    def _quantised(self, name: str, scaled: str, output: Output) -> str:
        moved = self._with("Add", scaled, f"{name}/moved", output.zero_point)
        bounds = [
            self._graph.constant(f"{name}/low", output.low, np.int64),
            self._graph.constant(f"{name}/high_end", output.high, np.int64),
        ]
        clamped = self._graph.node("Clip", [moved, *bounds], f"{name}/clamped")
        return self._graph.cast(clamped, name, np.int8)

    def _with(self, operator: str, value: str, name: str, numbers: ArrayLike) -> str:
        stored = self._graph.constant(f"{name}/by", np.reshape(numbers, (1, -1, 1, 1)), np.int64)
        return self._graph.node(operator, [value, stored], name)

    def _reshaped(self, value: str, name: str, shape: tuple[int, ...]) -> str:
        stored = self._graph.constant(f"{name}/shape", shape, np.int64)
        return self._graph.node("Reshape", [value, stored], name)
