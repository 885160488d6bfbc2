"""Write a float network as a ``.tflite`` graph, for a whole sequence or for one hop at a time.

Tensors carry the layers' names, which is what a quantiser's rules refer to. The one-hop form has the shape
that ``mandible.quantize.streaming`` describes: state k is joined with the newest frame and shortened by its
oldest. Writing needs LiteRT's schema classes, not TensorFlow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import MEL_BANDS
from mandible.models.tflite_file import Tensor
from mandible.quantize.float_layers import FloatAdd, FloatConv, FloatDepthwise, FloatLayer
from mandible.quantize.tflite_writer import TfliteWriter

INPUT = "mel"
_VALID_PADDING = 1
_TIME_AXIS = 1
_FUSED = {"none": 0, "relu": 1, "relu6": 3}
_NO_SCALES = np.empty(0, np.float32)
_NO_POINTS = np.empty(0, np.int64)
_FLOAT = Tensor("", (), "float32", _NO_SCALES, _NO_POINTS, 0, None)


def whole_sequence(layers: tuple[FloatLayer, ...], outputs: tuple[int, ...], hops: int) -> bytes:
    """Return the graph [1, hops, 1, 40] -> [1, hops, 1, channels] of each output.

    Args:
        layers: the network.
        outputs: numbers of the values to put out, the logits first.
        hops: length of the sequence.
    """
    return _Writing(layers, hops).run(outputs)


def one_hop(layers: tuple[FloatLayer, ...], outputs: tuple[int, ...]) -> bytes:
    """Return the graph of one hop: inputs ``mel``, ``state_k``; outputs as asked for, ``next_state_k``."""
    return _Writing(layers, None).run(outputs)


class _Writing:
    def __init__(self, layers: tuple[FloatLayer, ...], hops: int | None) -> None:
        self._layers = layers
        self._hops = hops
        self._writer = TfliteWriter("mandible viseme network")
        self._values: list[int] = []  # value number -> tensor
        self._states: list[int] = []
        self._following: list[int] = []

    def run(self, outputs: tuple[int, ...]) -> bytes:
        self._values.append(self._activation(INPUT, self._hops or 1, MEL_BANDS))
        for layer in self._layers:
            self._values.append(self._add(layer) if isinstance(layer, FloatAdd) else self._conv(layer))
        shown = [self._values[number] for number in outputs]
        return self._writer.pack([self._values[0], *self._states], [*shown, *self._following], True)

    def _add(self, layer: FloatAdd) -> int:
        output = self._activation(layer.name, self._hops or 1, layer.channels)
        inputs = [self._values[layer.left], self._values[layer.right]]
        options = {"fusedActivationFunction": _FUSED[layer.activation]}
        self._writer.operator("ADD", inputs, output, options)
        return output

    def _conv(self, layer: FloatConv | FloatDepthwise) -> int:
        read = self._values[layer.source]
        if layer.ring_frames:
            read = self._padded(layer, read) if self._hops else self._window(layer, read)
        is_depthwise = isinstance(layer, FloatDepthwise)
        kernel = layer.weights[np.newaxis, :, np.newaxis] if is_depthwise else layer.weights[:, :, np.newaxis]
        weights = self._constant(f"{layer.name}/weights", kernel)
        bias = self._constant(f"{layer.name}/bias", layer.bias)
        output = self._activation(layer.name, self._hops or 1, layer.channels)
        options = {
            "padding": _VALID_PADDING,
            "strideH": 1,
            "strideW": 1,
            "dilationHFactor": layer.dilation,
            "dilationWFactor": 1,
            "fusedActivationFunction": _FUSED[layer.activation],
        }
        name = "CONV_2D"
        if is_depthwise:
            name, options["depthMultiplier"] = "DEPTHWISE_CONV_2D", 1
        self._writer.operator(name, [read, weights, bias], output, options)
        return output

    def _padded(self, layer: FloatConv | FloatDepthwise, read: int) -> int:
        hops = (self._hops or 1) + layer.ring_frames
        output = self._activation(f"{layer.name}_pad", hops, layer.ring_channels)
        amounts = np.zeros((4, 2), "<i4")
        amounts[_TIME_AXIS, 0] = layer.ring_frames
        self._writer.operator("PAD", [read, self._constant(f"{layer.name}_pad/amounts", amounts)], output)
        return output

    def _window(self, layer: FloatConv | FloatDepthwise, frame: int) -> int:
        number, frames, channels = len(self._states), layer.ring_frames, layer.ring_channels
        state = self._activation(f"state_{number}", frames, channels)
        window = self._activation(f"window_{number}", frames + 1, channels)
        following = self._activation(f"next_state_{number}", frames, channels)
        self._writer.operator("CONCATENATION", [state, frame], window, {"axis": _TIME_AXIS})
        begin = self._writer.numbers(f"next_state_{number}/begin", (0, 1, 0, 0))
        size = self._writer.numbers(f"next_state_{number}/size", (1, frames, 1, channels))
        self._writer.operator("SLICE", [window, begin, size], following)
        self._states.append(state)
        self._following.append(following)
        return window

    def _activation(self, name: str, hops: int, channels: int) -> int:
        return self._writer.activation(name, (1, hops, 1, channels), _FLOAT)

    def _constant(self, name: str, values: NDArray[np.generic]) -> int:
        kind = "int32" if values.dtype == "<i4" else "float32"
        data = np.ascontiguousarray(values).view(np.uint8).reshape(-1)
        return self._writer.copy(name, Tensor("", values.shape, kind, _NO_SCALES, _NO_POINTS, 0, data))
