"""Turn a whole-sequence int8 ``.tflite`` into one that takes a single hop and carries its state.

The converter's graph pads the front of the sequence before each temporal convolution. Those frames of
padding are exactly what a streaming network must remember: each PAD becomes a state tensor of as many
frames, joined in front of the new frame (CONCATENATION) and shortened by its oldest (SLICE):

    state_k [1,n,1,C] ─┐
                       ├─ CONCATENATION [1,n+1,1,C] ─┬─ (dilated) convolution ─ …
    frame   [1,1,1,C] ─┘                             └─ SLICE ─ next_state_k [1,n,1,C]

A state filled with its zero point stands for the padding, so both forms compute the same bytes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mandible.errors import InputError
from mandible.models import network
from mandible.models.tflite_file import Graph, Operator, Tensor, parse, read_bytes
from mandible.quantize.tflite_writer import TfliteWriter

SOURCE_OPERATORS = ("PAD", "CONV_2D", "DEPTHWISE_CONV_2D", "ADD")
VALID_PADDING = 1
TIME_AXIS = 1


@dataclass(frozen=True, slots=True)
class State:
    """One state tensor: ``frames`` x ``channels`` int8, all ``zero_point`` before the first hop."""

    name: str
    frames: int
    channels: int
    zero_point: int


@dataclass(frozen=True, slots=True)
class StreamingReport:
    """What ``to_streaming`` wrote.

    Attributes:
        states: the state tensors in input (and output) order.
        parameters: weights and biases.
        operators: operator names in execution order.
        file_bytes: size of the written file.
    """

    target: Path
    states: tuple[State, ...]
    parameters: int
    operators: tuple[str, ...]
    file_bytes: int


def to_streaming(source: Path, target: Path) -> StreamingReport:
    """Rewrite ``source`` (input [1,T,1,40], output [1,T,1,15]) as the one-hop model ``target``.

    ``target`` gets input 0 ``mel``, inputs 1.. ``state_k``, output 0 ``logits``, outputs 1..
    ``next_state_k``. It appears complete or not at all. Raises InputError, naming the operator, for a graph
    that is not a causal int8 network of PAD, CONV_2D, DEPTHWISE_CONV_2D and ADD.
    """
    rewrite = _Rewrite(parse(read_bytes(source), source), source)
    data = rewrite.run()
    checked = network.parse(data, source)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(f"{target}: cannot be written ({error.strerror})") from None
    return StreamingReport(
        target, tuple(rewrite.states), checked.parameters, tuple(rewrite.operators), len(data)
    )


class _Rewrite:
    """One pass over the operators of the source, which stand in execution order."""

    def __init__(self, graph: Graph, path: Path) -> None:
        self._graph = graph
        self._path = path
        self._writer = TfliteWriter("mandible streaming viseme network")
        self._written: dict[int, int] = {}  # source activation -> written activation
        self._padded: dict[int, tuple[int, int]] = {}  # output of a PAD -> (its input, frames)
        self._state_inputs: list[int] = []
        self._state_outputs: list[int] = []
        self.states: list[State] = []
        self.operators: list[str] = []

    def run(self) -> bytes:
        graph = self._graph
        if len(graph.inputs) != 1 or len(graph.outputs) != 1:
            raise self._refused(
                f"the graph has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs, not one of each"
            )
        self._written[graph.inputs[0]] = self._frame("mel", graph.inputs[0])
        for number, operator in enumerate(graph.operators):
            where = f"operator {number} ({operator.name})"
            if operator.name not in SOURCE_OPERATORS:
                raise self._refused(f"{where} is not one of {', '.join(SOURCE_OPERATORS)}")
            if operator.name == "PAD":
                self._pad(operator, where)
            elif operator.name == "ADD":
                self._add(operator, where)
            else:
                self._convolution(operator, where)
        if graph.outputs[0] not in self._written:
            raise self._refused("no operator computes the output")
        outputs = [self._written[graph.outputs[0]], *self._state_outputs]
        return self._writer.pack([self._written[graph.inputs[0]], *self._state_inputs], outputs)

    def _pad(self, operator: Operator, where: str) -> None:
        if len(operator.inputs) != 2 or len(operator.outputs) != 1:
            raise self._refused(f"{where} does not take a sequence and a constant padding")
        source, paddings = operator.inputs
        amounts = self._constant(paddings, "int32", (4, 2), where).view("<i4").reshape(4, 2)
        frames = int(amounts[TIME_AXIS, 0])
        if frames < 1 or int(np.abs(amounts).sum()) != frames:
            raise self._refused(
                f"{where} pads something else than the front of the time axis; train a causal model"
            )
        before, after = self._tensor(source), self._tensor(operator.outputs[0])
        if not _same_quantisation(before, after):
            raise self._refused(f"{where} changes the quantisation, so that no state could hold both sides")
        self._padded[operator.outputs[0]] = (source, frames)

    def _add(self, operator: Operator, where: str) -> None:
        if len(operator.inputs) != 2:
            raise self._refused(f"{where} does not add two sequences")
        inputs = [self._activation(source, where) for source in operator.inputs]
        self._emit(operator, where, inputs, {"fusedActivationFunction": operator.options["activation"]})

    def _convolution(self, operator: Operator, where: str) -> None:
        if len(operator.inputs) != 3:
            raise self._refused(f"{where} has no bias")
        source, weights, bias = operator.inputs
        shape = self._tensor(weights).shape
        if len(shape) != 4 or shape[2] != 1:
            raise self._refused(f"{where} has a kernel of shape {list(shape)}; kernels are (k, 1)")
        options = operator.options
        reach_frames = (shape[1] - 1) * options["dilation_height"]
        source, padding_frames = self._padded.get(source, (source, 0))
        if padding_frames != reach_frames:
            raise self._refused(
                f"{where} reaches back {reach_frames} frames but is padded by {padding_frames}"
            )
        if reach_frames and options["padding"] != VALID_PADDING:
            raise self._refused(f"{where} uses SAME padding, which looks ahead; train a causal model")
        frame = self._activation(source, where)
        window = self._window(source, frame, reach_frames) if reach_frames else frame
        name = f"{operator.name.lower()}_{len(self.operators)}"
        inputs = [
            window,
            self._writer.copy(f"{name}/weights", self._tensor(weights)),
            self._writer.copy(f"{name}/bias", self._tensor(bias)),
        ]
        written = {
            "padding": VALID_PADDING,
            "strideH": options["stride_height"],
            "strideW": options["stride_width"],
            "dilationHFactor": options["dilation_height"],
            "dilationWFactor": options["dilation_width"],
            "fusedActivationFunction": options["activation"],
        }
        if "depth_multiplier" in options:
            written["depthMultiplier"] = options["depth_multiplier"]
        self._emit(operator, where, inputs, written)

    def _window(self, source: int, frame: int, frames: int) -> int:
        """Join state and frame; return the joined tensor, and make what is kept of it the next state."""
        like, writer, number = self._tensor(source), self._writer, len(self.states)
        channels = like.shape[3]
        kept = (1, frames, 1, channels)
        state = writer.activation(f"state_{number}", kept, like)
        window = writer.activation(f"window_{number}", (1, frames + 1, 1, channels), like)
        following = writer.activation(f"next_state_{number}", kept, like)
        writer.operator("CONCATENATION", [state, frame], window, {"axis": TIME_AXIS})
        begin = writer.numbers(f"next_state_{number}/begin", (0, 1, 0, 0))
        size = writer.numbers(f"next_state_{number}/size", kept)
        writer.operator("SLICE", [window, begin, size], following)
        self.operators += ["CONCATENATION", "SLICE"]
        self._state_inputs.append(state)
        self._state_outputs.append(following)
        self.states.append(State(f"state_{number}", frames, channels, int(like.zero_points[0])))
        return window

    def _emit(self, operator: Operator, where: str, inputs: list[int], options: dict[str, int]) -> None:
        if len(operator.outputs) != 1:
            raise self._refused(f"{where} has {len(operator.outputs)} outputs instead of one")
        output = operator.outputs[0]
        is_last = output == self._graph.outputs[0]
        name = "logits" if is_last else f"{operator.name.lower()}_{len(self.operators)}"
        self._written[output] = self._frame(name, output)
        self._writer.operator(operator.name, inputs, self._written[output], options)
        self.operators.append(operator.name)

    def _frame(self, name: str, source: int) -> int:
        tensor = self._tensor(source)
        if len(tensor.shape) != 4 or tensor.shape[0] != 1 or tensor.shape[2] != 1:
            raise self._refused(
                f"tensor {tensor.name!r} has shape {list(tensor.shape)} instead of [1, T, 1, C]"
            )
        if tensor.kind != "int8" or not tensor.scales.size == tensor.zero_points.size == 1:
            raise self._refused(
                f"tensor {tensor.name!r} is {tensor.kind}, not int8 with one scale; quantise the model first"
            )
        return self._writer.activation(name, (1, 1, 1, tensor.shape[3]), tensor)

    def _activation(self, source: int, where: str) -> int:
        if source not in self._written:
            raise self._refused(
                f"{where} reads {self._tensor(source).name!r}, which no convolution or ADD computes before it"
            )
        return self._written[source]

    def _constant(self, number: int, kind: str, shape: tuple[int, ...], where: str) -> np.ndarray:
        tensor = self._tensor(number)
        if tensor.data is None or tensor.kind != kind or tensor.shape != shape:
            raise self._refused(
                f"{where} needs a constant {kind} tensor of shape {list(shape)}, not {tensor.name!r}"
            )
        return tensor.data

    def _tensor(self, number: int) -> Tensor:
        return self._graph.tensors[number]

    def _refused(self, reason: str) -> InputError:
        return InputError(f"{self._path}: cannot be made streaming: {reason}")


def _same_quantisation(one: Tensor, other: Tensor) -> bool:
    return np.array_equal(one.scales, other.scales) and np.array_equal(one.zero_points, other.zero_points)
