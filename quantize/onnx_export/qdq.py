"""A network as int8 ONNX with QuantizeLinear and DequantizeLinear around every layer ("QDQ").

Every int8 tensor means what it means in the ``.tflite`` file, up to rounding: runtimes of ONNX round real
numbers once, TensorFlow Lite's reference kernels round twice. First to steps of 2**-r of the output's, half
up, then to whole steps, half away from zero. Together that is one rounding to the nearest whole step after
moving 2**-(r + 1) steps away from zero, which a graph of real numbers can do as well.

TensorRT knows no zero points. The symmetric form leaves them out without a loss: nothing here is padded
(what lies before the first hop is in the states), so a zero point of the input is a constant added to the
sums, and one of the output a constant added to the result. Both move into the bias, the bytes stay as they
are, and the lower end of int8 stands for the 0 of a ReLU as before.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mandible.models.fixed_point import SIGNIFICAND_BITS
from mandible.models.layers import Add, Conv, Depthwise, Output
from mandible.models.network import Network
from mandible.models.quantisation import INT8_HIGH, INT8_LOW
from mandible.quantize.onnx_export.graph import FEATURES, GraphWriter, kernel
from mandible.quantize.onnx_export.meaning import int8_meaning


def int8(network: Network, told: Mapping[str, object] | None = None, *, symmetric: bool = False) -> bytes:
    """Return the ``.onnx`` file of one hop: int8 features and states in, int8 logits and next states out.

    Args:
        network: what to write.
        told: more metadata, such as the model's name and checksum.
        symmetric: write no zero points and the layers as TensorRT fuses them; the rounding of layers without
            activation is then the runtime's own.
    """
    return _Writer(network, symmetric).run(dict(told or {}))


def weight_scales(layer: Conv | Depthwise, input_scale: float) -> NDArray[np.float32]:
    """(outputs,) the real value of one step of each output channel's weights."""
    factors = np.ldexp(layer.significands.astype(np.float64), layer.shifts - SIGNIFICAND_BITS)
    scales: NDArray[np.float32] = (factors * layer.output.scale / input_scale).astype(np.float32)
    return scales


def away_from_zero(layer: Conv | Depthwise) -> NDArray[np.float64]:
    """(outputs,) how far, in real numbers, the reference kernels' two roundings push a result from zero."""
    steps = np.where(layer.shifts < 0, np.ldexp(1.0, layer.shifts - 1), 0.0)
    return steps * layer.output.scale


def _is_rectified(output: Output) -> bool:
    return output.low >= output.zero_point


class _Writer:
    """One pass over the layers."""

    def __init__(self, network: Network, symmetric: bool) -> None:
        self._network = network
        self._symmetric = symmetric
        self._graph = GraphWriter(network.input_channels, np.int8)
        # Of each value: its int8 tensor, scale and zero point.
        self._values = [(FEATURES, network.input_scale, network.input_zero_point)]

    def run(self, told: dict[str, object]) -> bytes:
        network = self._network
        for number, layer in enumerate(network.layers):
            name = f"layer/{number}"
            real = self._add(name, layer) if isinstance(layer, Add) else self._convolution(name, layer)
            self._values.append(
                (self._quantised(real, layer.output), layer.output.scale, layer.output.zero_point)
            )
        facts = {"precision": "int8", "symmetric": self._symmetric, **int8_meaning(network)}
        return self._graph.finish(
            self._values[network.logits_value][0],
            network.output_channels,
            [(head, self._values[head.value][0]) for head in network.heads],
            {**facts, **told},
        )

    def _convolution(self, name: str, layer: Conv | Depthwise) -> str:
        frame, scale, zero_point = self._values[layer.source]
        if layer.ring_frames:
            frame = self._graph.window(frame, layer.ring_frames, layer.ring_channels, scale, zero_point)
        scales = weight_scales(layer, scale)
        inputs = [self._real(frame, f"{name}/input", scale, zero_point), self._weights(name, layer, scales)]
        bias = layer.bias * np.float64(scale) * scales
        if _is_rectified(layer.output):
            bias += away_from_zero(layer)  # below zero it does not matter
        if self._symmetric:
            sums = kernel(layer.weights).sum((1, 2, 3), dtype=np.int64)
            bias += (
                layer.output.zero_point * layer.output.scale - zero_point * sums * np.float64(scale) * scales
            )
            inputs.append(self._graph.constant(f"{name}/bias", bias, np.float32))
        made = self._graph.node(
            "Conv",
            inputs,
            name,
            dilations=[layer.dilation, 1],
            group=layer.channels if isinstance(layer, Depthwise) else 1,
            kernel_shape=[layer.taps, 1],
        )
        return made if self._symmetric else self._biased(made, layer, bias)

    def _biased(self, real: str, layer: Conv | Depthwise, bias: NDArray[np.float64]) -> str:
        """Add the bias, and round as the reference kernels do."""
        graph, by_channel = self._graph, (1, -1, 1, 1)
        # A sum, since ONNX Runtime makes an addition part of the convolution and rounds the bias to int32.
        stored = graph.constant(f"{real}/bias", bias.reshape(by_channel), np.float32)
        total = graph.node("Sum", [real, stored], f"{real}/sum")
        if _is_rectified(layer.output):
            return total
        away = graph.constant(f"{real}/away", away_from_zero(layer).reshape(by_channel), np.float32)
        signed = graph.node("Mul", [graph.node("Sign", [total], f"{real}/sign"), away], f"{real}/push")
        return graph.node("Add", [total, signed], f"{real}/pushed")

    def _weights(self, name: str, layer: Conv | Depthwise, scales: NDArray[np.float32]) -> str:
        graph = self._graph
        steps = [
            graph.constant(f"{name}/weights_scale", scales, np.float32),
            graph.constant(f"{name}/weights_zero_point", np.zeros(layer.channels), np.int8),
        ]
        weights = kernel(layer.weights)
        if self._symmetric:
            # TensorRT 8 reads no int8 weights: it quantises real ones, to the same numbers.
            real = graph.constant(f"{name}/weights_real", weights * scales.reshape(-1, 1, 1, 1), np.float32)
            stored = graph.node("QuantizeLinear", [real, *steps], f"{name}/weights_int8", axis=0)
        else:
            stored = graph.constant(f"{name}/weights_int8", weights, np.int8)
        return graph.node("DequantizeLinear", [stored, *steps], f"{name}/weights", axis=0)

    def _add(self, name: str, layer: Add) -> str:
        sides, offset = [], layer.output.zero_point * layer.output.scale
        for side, operand in (("left", layer.left), ("right", layer.right)):
            tensor, scale, zero_point = self._values[operand.source]
            sides.append(self._real(tensor, f"{name}/{side}", scale, zero_point))
            offset -= zero_point * scale
        if not self._symmetric:
            return self._graph.node("Add", sides, name)
        both = self._graph.node("Add", sides, f"{name}/both")
        moved = self._graph.constant(f"{name}/offset", np.full((1, 1, 1, 1), offset), np.float32)
        return self._graph.node("Add", [both, moved], name)

    def _real(self, tensor: str, name: str, scale: float, zero_point: int) -> str:
        return self._graph.node("DequantizeLinear", [tensor, *self._steps(name, scale, zero_point)], name)

    def _quantised(self, real: str, output: Output) -> str:
        """Clamp where the ends of int8 do not, and round to int8."""
        if (output.low, output.high) != (INT8_LOW, INT8_HIGH):
            offset = 0 if self._symmetric else output.zero_point
            bounds = [
                self._graph.constant(f"{real}/{name}", (limit - offset) * output.scale, np.float32)
                for name, limit in (("low", output.low), ("high", output.high))
            ]
            real = self._graph.node("Clip", [real, *bounds], f"{real}/clamped")
        name = f"{real}/int8"
        steps = self._steps(name, output.scale, output.zero_point)
        return self._graph.node("QuantizeLinear", [real, *steps], name)

    def _steps(self, name: str, scale: float, zero_point: int) -> list[str]:
        return [
            self._graph.constant(f"{name}/scale", scale, np.float32),
            self._graph.constant(f"{name}/zero_point", 0 if self._symmetric else zero_point, np.int8),
        ]
