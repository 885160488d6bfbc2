"""From the operators of a streaming ``.tflite`` graph to checked layers.

The graph must be of our family (see ``mandible.quantize.streaming`` for its shape): every check here
exists because an engine relies on what it checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models.fixed_point import quantize_multiplier
from mandible.models.heads import Head, check_names
from mandible.models.layers import ADD_LEFT_SHIFT, Add, Conv, Depthwise, Layer, Operand
from mandible.models.network_interface import MAX_CHANNELS, check_interface, frame
from mandible.models.quantisation import (
    UnfitError,
    activation_quantisation,
    check_sums,
    clamped_output,
    requantisation,
)
from mandible.models.refused_operators import reason_against
from mandible.models.tflite_file import Graph, Operator, Tensor
from mandible.models.visemes import VISEME_COUNT

VALID_PADDING = 1


@dataclass(frozen=True, slots=True)
class Built:
    """The layers of a graph in execution order, and which of their values its outputs show."""

    layers: tuple[Layer, ...]
    logits_value: int
    heads: tuple[Head, ...]


def build_layers(graph: Graph, path: Path) -> Built:
    """Return the layers of ``graph``; raises InputError, one line, where it is not of our family."""
    try:
        return _Builder(graph).run()
    except UnfitError as error:
        raise InputError(f"{path}: not a streaming viseme network: {error}") from None


class _Builder:
    """One pass over the operators, which must stand in execution order."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._layers: list[Layer] = []
        self._values: dict[int, int] = {}  # tensor -> value number
        self._windows: dict[int, int] = {}  # joined tensor -> number of its state
        self._written: set[int] = set(graph.inputs)
        self._rings = 0  # temporal layers so far
        self._heads = len(graph.outputs) - len(graph.inputs)

    def run(self) -> Built:
        graph = self._graph
        check_interface(graph)
        self._values[graph.inputs[0]] = 0
        for number, operator in enumerate(graph.operators):
            try:
                self._operator(operator)
            except UnfitError as error:
                raise UnfitError(f"operator {number} ({operator.name}): {error}") from None
        logits_value, heads = self._shown()
        if not self._rings == len(self._windows) == len(graph.inputs) - 1:
            raise UnfitError("a state is not used by exactly one layer")
        if not self._written.issuperset(graph.outputs):
            raise UnfitError("an output is never computed")
        weights = sum(layer.weights.size for layer in self._layers if not isinstance(layer, Add))
        if weights > graph.file_bytes:
            # Many layers on one small buffer: a short file must not claim much memory.
            raise UnfitError(f"its layers have {weights} weights, more than the file has bytes")
        return Built(tuple(self._layers), logits_value, heads)

    def _shown(self) -> tuple[int, tuple[Head, ...]]:
        """Return (number of the logits' value, heads): output 0, and those between it and the states."""
        graph, shown = self._graph, []
        for number, index in enumerate(graph.outputs[: 1 + self._heads]):
            value = self._values.get(index, 0)
            if value == 0:
                raise UnfitError(f"output {number} is not what a layer computes")
            shown.append(Head(self._tensor(index).name, value, self._layers[value - 1].channels))
        logits, *heads = shown
        if logits.channels != VISEME_COUNT:
            raise UnfitError(f"output 0 has {logits.channels} channels, not {VISEME_COUNT}")
        check_names([head.name for head in heads])
        return logits.value, tuple(heads)

    @property
    def _successors(self) -> tuple[int, ...]:
        """The outputs that become the next hop's states."""
        return self._graph.outputs[1 + self._heads :]

    def _operator(self, operator: Operator) -> None:
        steps = {
            "CONCATENATION": self._join,
            "SLICE": self._shorten,
            "CONV_2D": self._conv,
            "DEPTHWISE_CONV_2D": self._depthwise,
            "ADD": self._add,
        }
        if operator.name not in steps:
            raise UnfitError(f"ours are {', '.join(steps)}: {reason_against(operator.name)}")
        wanted_inputs = 2 if operator.name in ("CONCATENATION", "ADD") else 3
        if len(operator.inputs) != wanted_inputs or len(operator.outputs) != 1:
            raise UnfitError(f"it has {len(operator.inputs)} inputs and {len(operator.outputs)} outputs")
        output = operator.outputs[0]
        if output in self._written or self._tensor(output).data is not None:
            raise UnfitError(f"it writes tensor {self._tensor(output).name!r}, which has a value already")
        steps[operator.name](operator)
        self._written.add(output)

    def _join(self, operator: Operator) -> None:
        state_index, frame_index = operator.inputs
        if state_index not in self._graph.inputs[1:]:
            raise UnfitError("its first input is not a state")
        self._value(frame_index)
        number = self._graph.inputs.index(state_index) - 1
        if number != len(self._windows):
            raise UnfitError(f"state {number} is not used once, and in order")
        state, frame = self._tensor(state_index), self._frame(frame_index)
        window = self._tensor(operator.outputs[0])
        if (
            len(state.shape) != 4
            or state.shape[1] < 1
            or state.shape != (1, state.shape[1], 1, frame.shape[3])
        ):
            raise UnfitError(
                f"state {state.name!r} has shape {list(state.shape)}, not [1, n, 1, {frame.shape[3]}]"
            )
        if window.shape != (1, state.shape[1] + 1, 1, frame.shape[3]):
            raise UnfitError(f"its output has shape {list(window.shape)}")
        if (
            not activation_quantisation(state)
            == activation_quantisation(frame)
            == activation_quantisation(window)
        ):
            raise UnfitError(f"state {state.name!r}, frame and window differ in scale or zero point")
        if operator.options["axis"] not in (1, -3) or operator.options["activation"]:
            raise UnfitError("it does not join along time alone")
        self._windows[operator.outputs[0]] = number

    def _shorten(self, operator: Operator) -> None:
        window, begin, size = operator.inputs
        if window not in self._windows:
            raise UnfitError("it does not shorten a state joined with its frame")
        following = self._successors[self._windows[window]]
        kept = self._tensor(following).shape
        if operator.outputs[0] != following:
            raise UnfitError("it does not compute the state's successor")
        if self._constant(begin, "int32", (4,)).tolist() != [0, 1, 0, 0]:
            raise UnfitError("it does not drop exactly the oldest frame")
        if tuple(self._constant(size, "int32", (4,)).tolist()) != kept:
            raise UnfitError(f"it keeps another size than {list(kept)}")

    def _conv(self, operator: Operator) -> None:
        shape = self._tensor(operator.inputs[1]).shape
        if len(shape) != 4 or shape[2] != 1 or not all(1 <= size <= MAX_CHANNELS for size in shape):
            raise UnfitError(f"its weights have shape {list(shape)}, not [outputs, k, 1, inputs]")
        outputs, taps, _, inputs = shape
        source, dilation = self._temporal(operator, taps, inputs)
        weights = self._constant(operator.inputs[1], "int8", shape).reshape(outputs, taps, inputs)
        self._append(Conv, operator, source, weights, dilation, outputs, (1, 2), 0)

    def _depthwise(self, operator: Operator) -> None:
        shape = self._tensor(operator.inputs[1]).shape
        if (
            len(shape) != 4
            or shape[0] != 1
            or shape[2] != 1
            or not all(1 <= size <= MAX_CHANNELS for size in shape)
        ):
            raise UnfitError(f"its weights have shape {list(shape)}, not [1, k, 1, channels]")
        if operator.options["depth_multiplier"] != 1:
            raise UnfitError(f"its depth multiplier is {operator.options['depth_multiplier']}, not 1")
        taps, channels = shape[1], shape[3]
        source, dilation = self._temporal(operator, taps, channels)
        weights = self._constant(operator.inputs[1], "int8", shape).reshape(taps, channels)
        self._append(Depthwise, operator, source, weights, dilation, channels, (0,), 3)

    def _temporal(self, operator: Operator, taps: int, channels: int) -> tuple[int, int]:
        """Check a convolution's reach; return (number of the value it reads, dilation)."""
        options, source = operator.options, operator.inputs[0]
        if options["stride_width"] != 1 or options["stride_height"] != 1:
            raise UnfitError("its stride is not 1")
        if options["padding"] != VALID_PADDING and taps > 1:
            raise UnfitError("it pads its input, which a streaming layer must not")
        if options["dilation_width"] != 1 or options["dilation_height"] < 1:
            raise UnfitError("its dilation is impossible")
        tensor = self._tensor(source)
        reach_frames = (taps - 1) * options["dilation_height"]
        if len(tensor.shape) != 4 or tensor.shape != (1, reach_frames + 1, 1, channels):
            raise UnfitError(
                f"its input has shape {list(tensor.shape)}, not [1, {reach_frames + 1}, 1, {channels}]"
            )
        if reach_frames == 0:
            return self._value(source), 1
        if self._windows.get(source) != self._rings:
            raise UnfitError("it does not read its own state joined with the newest frame")
        self._rings += 1
        frame = next(one.inputs[1] for one in self._graph.operators if source in one.outputs)
        return self._value(frame), options["dilation_height"]

    def _append(
        self,
        kind: type[Conv] | type[Depthwise],
        operator: Operator,
        source: int,
        weights: NDArray[np.int8],
        dilation: int,
        channels: int,
        summed_axes: tuple[int, ...],
        scale_axis: int,
    ) -> None:
        read, kernel, bias_tensor = (self._tensor(index) for index in operator.inputs)
        output = self._frame(operator.outputs[0], channels)
        clamped = clamped_output(output, operator.options["activation"])
        _, input_zero_point = activation_quantisation(read)
        bias = self._constant(operator.inputs[2], "int32", (channels,))
        significands, shifts = requantisation(read, kernel, bias_tensor, output, channels, scale_axis)
        check_sums(output.name, np.abs(weights.astype(np.int64)).sum(summed_axes), bias, shifts)
        name = output.name
        layer = kind(name, source, weights, bias, significands, shifts, dilation, input_zero_point, clamped)
        self._finish(operator, layer)

    def _add(self, operator: Operator) -> None:
        sides = [self._frame(index) for index in operator.inputs]
        channels = sides[0].shape[3]
        output = self._frame(operator.outputs[0], channels)
        clamped = clamped_output(output, operator.options["activation"])
        quantisations = [activation_quantisation(side) for side in sides]
        if sides[1].shape[3] != channels:
            raise UnfitError(f"it adds {channels} channels to {sides[1].shape[3]}")
        twice_scale = 2 * max(scale for scale, _ in quantisations)
        operands = [
            Operand(self._value(index), zero_point, *quantize_multiplier(scale / twice_scale))
            for index, (scale, zero_point) in zip(operator.inputs, quantisations, strict=True)
        ]
        significand, shift = quantize_multiplier(twice_scale / ((1 << ADD_LEFT_SHIFT) * clamped.scale))
        if shift > 0:
            raise UnfitError("its inputs are too coarse for its output's scale")
        left, right = operands
        self._finish(operator, Add(output.name, left, right, significand, shift, channels, clamped))

    def _finish(self, operator: Operator, layer: Layer) -> None:
        self._layers.append(layer)
        self._values[operator.outputs[0]] = len(self._layers)

    def _value(self, index: int) -> int:
        if index not in self._values:
            raise UnfitError(f"it reads {self._tensor(index).name!r} before any operator computes it")
        return self._values[index]

    def _frame(self, index: int, channels: int | None = None) -> Tensor:
        return frame(self._graph, index, channels)

    def _constant(self, index: int, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
        tensor = self._tensor(index)
        if tensor.data is None or tensor.kind != kind or tensor.shape != shape:
            raise UnfitError(f"it needs a constant {kind} {list(shape)}, not {tensor.name!r}")
        return tensor.data.view("<i4" if kind == "int32" else "i1")

    def _tensor(self, index: int) -> Tensor:
        return self._graph.tensors[index]
