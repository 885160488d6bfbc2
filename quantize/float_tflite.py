"""Read a float whole-sequence ``.tflite`` graph into folded layers, trusting nothing in it.

Operators: PAD of the front of the time axis, CONV_2D and DEPTHWISE_CONV_2D with (k, 1) kernels, ADD, and
RELU or RELU6 where a converter left it apart. Layers get names by their place in the family (``stem``,
``block0_depth``, ``block0_point``, ``block0_add`` ... ``logits``), whatever the file calls them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mandible.device.frames import MEL_BANDS
from mandible.errors import InputError
from mandible.models.heads import NAME, Head
from mandible.models.network_interface import MAX_CHANNELS, MAX_LAYERS, MAX_STATE_BYTES
from mandible.models.quantisation import UnfitError
from mandible.models.tflite_file import Graph, Operator, Tensor, parse
from mandible.models.visemes import VISEME_COUNT
from mandible.quantize.float_layers import FloatAdd, FloatConv, FloatDepthwise, FloatLayer, Floats
from mandible.quantize.layer_names import ADD, DEPTH, POINT, placed_names

_VALID_PADDING = 1
_TIME_AXIS = 1
_ACTIVATIONS = {0: "none", 1: "relu", 3: "relu6"}
_KINDS = {FloatConv: POINT, FloatDepthwise: DEPTH, FloatAdd: ADD}
_APART = {"RELU": "relu", "RELU6": "relu6"}
_FIXES = {
    "QUANTIZE": "it is quantised already; name the float model",
    "DEQUANTIZE": "it is quantised already; name the float model",
    "CONCATENATION": "it streams already; name the float model it was made of",
    "SPACE_TO_BATCH_ND": "convert it with a fixed length, so that the dilation stays in the convolution",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a graph holds: its layers, which value is the logits, and the auxiliary outputs."""

    layers: tuple[FloatLayer, ...]
    logits_value: int
    heads: tuple[Head, ...]


def layers_of(data: bytes, path: Path, output_names: Sequence[str] = ()) -> Found:
    """Return the network in the bytes of a float ``.tflite``.

    Args:
        data: the file.
        path: names it in messages.
        output_names: of its outputs, in order; the file's own names where there are none.

    Raises:
        InputError: anything but a causal float network of the family; one line with operator and fix.
    """
    graph = parse(data, path)
    try:
        return _Reading(graph, output_names).run()
    except UnfitError as error:
        raise InputError(f"{path}: not a float viseme network: {error}") from None


class _Reading:
    """One pass over the operators, which stand in execution order."""

    def __init__(self, graph: Graph, output_names: Sequence[str]) -> None:
        self._graph = graph
        self._output_names = output_names or [graph.tensors[number].name for number in graph.outputs]
        self._layers: list[FloatLayer] = []
        self._channels = [MEL_BANDS]  # of each value
        self._values: dict[int, int] = {}  # tensor -> value number
        self._padded: dict[int, tuple[int, int]] = {}  # output of a PAD -> (its input, frames)
        self._readers = Counter(number for one in graph.operators for number in one.inputs)

    def run(self) -> Found:
        graph = self._graph
        if not graph.outputs:
            raise UnfitError("it has no output")
        # Before anything else that an int8 or streaming model must lack: that it is int8.
        channels = self._sequence(graph.inputs[0]) if graph.inputs else 0
        if len(graph.inputs) != 1:
            raise UnfitError(
                f"it has {len(graph.inputs)} inputs; a whole-sequence model has one, [1, T, 1, {MEL_BANDS}]"
            )
        if len(graph.operators) > MAX_LAYERS:
            raise UnfitError(f"it has {len(graph.operators)} operators, more than {MAX_LAYERS}")
        if channels != MEL_BANDS:
            raise UnfitError(f"its input is not [1, T, 1, {MEL_BANDS}]")
        self._values[graph.inputs[0]] = 0
        for number, operator in enumerate(graph.operators):
            try:
                self._operator(operator)
            except UnfitError as error:
                raise UnfitError(f"operator {number} ({operator.name}): {error}") from None
        self._check_size()
        return self._found()

    def _operator(self, operator: Operator) -> None:
        steps = {
            "PAD": self._pad,
            "CONV_2D": self._conv,
            "DEPTHWISE_CONV_2D": self._depthwise,
            "ADD": self._add,
            **dict.fromkeys(_APART, self._apart),
        }
        if operator.name not in steps:
            fix = _FIXES.get(operator.name, "build the model of the operators of docs/models.md")
            raise UnfitError(f"ours are {', '.join(steps)}; {fix}")
        wanted = {"PAD": 2, "ADD": 2, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3}.get(operator.name, 1)
        if len(operator.inputs) != wanted or len(operator.outputs) != 1:
            raise UnfitError(f"it has {len(operator.inputs)} inputs and {len(operator.outputs)} outputs")
        if operator.outputs[0] in self._values or operator.outputs[0] in self._padded:
            raise UnfitError("it writes a tensor that has a value already")
        steps[operator.name](operator)

    def _pad(self, operator: Operator) -> None:
        source, paddings = operator.inputs
        self._value(source)
        tensor = self._tensor(paddings)
        if tensor.data is None or tensor.kind != "int32" or tensor.shape != (4, 2):
            raise UnfitError("its padding is no constant int32 [4, 2]")
        amounts = tensor.data.view("<i4").reshape(4, 2).astype(np.int64)
        frames = int(amounts[_TIME_AXIS, 0])
        if frames < 1 or int(np.abs(amounts).sum()) != frames:
            raise UnfitError(
                "it pads something else than the front of the time axis; a streaming model is causal"
            )
        self._padded[operator.outputs[0]] = (source, frames)

    def _conv(self, operator: Operator) -> None:
        shape = self._kernel_shape(operator)
        outputs, taps, _, inputs = shape
        source, dilation = self._temporal(operator, taps, inputs)
        weights = self._constant(operator.inputs[1], shape).reshape(outputs, taps, inputs)
        bias = self._constant(operator.inputs[2], (outputs,))
        self._append(operator, FloatConv("", source, weights, bias, dilation, self._activation(operator)))

    def _depthwise(self, operator: Operator) -> None:
        shape = self._kernel_shape(operator)
        multiplier = operator.options["depth_multiplier"]
        if shape[0] != 1 or multiplier not in (0, 1):  # 0: the converter left it to the shapes
            raise UnfitError("its depth multiplier is not 1")
        taps, channels = shape[1], shape[3]
        source, dilation = self._temporal(operator, taps, channels)
        weights = self._constant(operator.inputs[1], shape).reshape(taps, channels)
        bias = self._constant(operator.inputs[2], (channels,))
        layer = FloatDepthwise("", source, weights, bias, dilation, self._activation(operator))
        self._append(operator, layer)

    def _add(self, operator: Operator) -> None:
        left, right = (self._value(number) for number in operator.inputs)
        if self._channels[left] != self._channels[right]:
            raise UnfitError(f"it adds {self._channels[left]} channels to {self._channels[right]}")
        self._append(operator, FloatAdd("", left, right, self._channels[left], self._activation(operator)))

    def _apart(self, operator: Operator) -> None:
        """Fuse an activation that stands alone into the layer before it."""
        source = operator.inputs[0]
        number = self._value(source)
        is_last = number and number == len(self._layers) and self._readers[source] == 1
        if not is_last or self._layers[-1].activation != "none" or source in self._graph.outputs:
            raise UnfitError("it does not follow a layer that nothing else reads")
        self._layers[-1] = replace(self._layers[-1], activation=_APART[operator.name])
        self._values[operator.outputs[0]] = number

    def _kernel_shape(self, operator: Operator) -> tuple[int, ...]:
        shape = self._tensor(operator.inputs[1]).shape
        if len(shape) != 4 or shape[2] != 1 or not all(1 <= size <= MAX_CHANNELS for size in shape):
            raise UnfitError(f"its kernel has shape {list(shape)}; kernels are (k, 1)")
        return shape

    def _temporal(self, operator: Operator, taps: int, channels: int) -> tuple[int, int]:
        """Check a convolution's reach; return (number of the value it reads, dilation)."""
        options = operator.options
        if options["stride_width"] != 1 or options["stride_height"] != 1:
            raise UnfitError("its stride is not 1")
        dilation = options["dilation_height"]
        if options["dilation_width"] != 1 or not 1 <= dilation <= MAX_CHANNELS:
            raise UnfitError("its dilation is impossible")
        reach = (taps - 1) * dilation
        source, frames = self._padded.get(operator.inputs[0], (operator.inputs[0], 0))
        if reach and options["padding"] != _VALID_PADDING:
            raise UnfitError("it uses SAME padding, which looks ahead; pad the front and use 'valid'")
        if frames != reach:
            raise UnfitError(f"it reaches back {reach} frames but is padded by {frames}")
        number = self._value(source)
        if self._channels[number] != channels:
            raise UnfitError(f"its kernel takes {channels} channels and gets {self._channels[number]}")
        return number, dilation if reach else 1

    def _activation(self, operator: Operator) -> str:
        number = operator.options["activation"]
        if number not in _ACTIVATIONS:
            raise UnfitError(f"fused activation {number} is not one of none, RELU, RELU6")
        return _ACTIVATIONS[number]

    def _append(self, operator: Operator, layer: FloatLayer) -> None:
        if self._sequence(operator.outputs[0]) != layer.channels:
            raise UnfitError(f"its output is not [1, T, 1, {layer.channels}]")
        self._layers.append(layer)
        self._channels.append(layer.channels)
        self._values[operator.outputs[0]] = len(self._layers)

    def _sequence(self, number: int) -> int:
        """Return the channels of a tensor that must be a float sequence."""
        tensor = self._tensor(number)
        if tensor.kind in ("int8", "uint8", "int16"):
            raise UnfitError(
                f"tensor {tensor.name!r} is {tensor.kind}: quantised already; name the float model"
            )
        if tensor.kind != "float32":
            raise UnfitError(f"tensor {tensor.name!r} is {tensor.kind}, not float32")
        shape = tensor.shape
        if len(shape) != 4:
            raise UnfitError(
                f"tensor {tensor.name!r} has rank {len(shape)}, not 4; the family has [1, T, 1, channels]"
            )
        if shape[0] != 1 or shape[2] != 1 or tensor.data is not None:
            raise UnfitError(f"tensor {tensor.name!r} has shape {list(shape)}, not [1, T, 1, channels]")
        return shape[3]

    def _constant(self, number: int, shape: tuple[int, ...]) -> Floats:
        tensor = self._tensor(number)
        if tensor.data is None or tensor.shape != shape:
            raise UnfitError(f"it needs constant weights {list(shape)}, not {tensor.name!r}")
        if tensor.kind in ("int8", "float16"):
            raise UnfitError(f"its weights are {tensor.kind}: quantised already; name the float model")
        if tensor.kind != "float32" or tensor.data.size != 4 * math.prod(shape):
            raise UnfitError(f"tensor {tensor.name!r} is no whole float32 constant")
        values = tensor.data.view("<f4").reshape(shape).astype(np.float32)
        if not np.isfinite(values).all():
            raise UnfitError(f"tensor {tensor.name!r} holds weights that are no finite numbers; train again")
        return values

    def _value(self, number: int) -> int:
        if number not in self._values:
            raise UnfitError(f"it reads {self._tensor(number).name!r}, which no layer computes before it")
        return self._values[number]

    def _tensor(self, number: int) -> Tensor:
        return self._graph.tensors[number]

    def _check_size(self) -> None:
        weighted = [layer for layer in self._layers if not isinstance(layer, FloatAdd)]
        if 4 * sum(layer.weights.size for layer in weighted) > self._graph.file_bytes:
            # Many layers on one small buffer: a short file must not claim much memory.
            raise UnfitError("its layers have more weights than the file has bytes for")
        if sum(layer.ring_frames * layer.ring_channels for layer in weighted) > MAX_STATE_BYTES:
            raise UnfitError(f"to stream, it would remember more than {MAX_STATE_BYTES >> 10} KiB")

    def _found(self) -> Found:
        outputs = self._graph.outputs
        numbers = [self._values.get(tensor, 0) for tensor in outputs]
        if not all(numbers) or len(set(numbers)) != len(numbers):
            raise UnfitError("an output is not what a layer of its own computes")
        logits = [number for number in numbers if self._channels[number] == VISEME_COUNT]
        if not logits:
            wide = ", ".join(str(self._channels[number]) for number in numbers)
            raise UnfitError(f"its outputs have {wide} channels; the logits are {VISEME_COUNT}")
        heads = [
            Head(self._head_name(place), number, self._channels[number])
            for place, number in enumerate(numbers)
            if number != logits[0]
        ]
        names = {head.value: head.name for head in heads} | {logits[0]: "logits"}
        return Found(_named(self._layers, names), logits[0], tuple(heads))

    def _head_name(self, place: int) -> str:
        """Return a head's own name where it can be one."""
        name = self._output_names[place] if place < len(self._output_names) else ""
        return name if NAME.fullmatch(name) else f"head_{place}"


def _named(layers: list[FloatLayer], outputs: dict[int, str]) -> tuple[FloatLayer, ...]:
    """Name layers by their place."""
    names = placed_names([_KINDS[type(layer)] for layer in layers], outputs)
    return tuple(replace(layer, name=name) for layer, name in zip(layers, names, strict=True))
