"""One pass over a whole-sequence graph that writes its one-hop form; see ``mandible.quantize.streaming``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mandible.errors import InputError
from mandible.models.network_interface import MAX_LAYERS, MAX_STATE_BYTES
from mandible.models.quantisation import UnfitError
from mandible.models.refused_operators import reason_against
from mandible.models.tflite_file import Graph, Operator, Tensor
from mandible.quantize.streaming_outputs import named_outputs
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


class Rewrite:
    """One pass over the operators of the source, which stand in execution order.

    Attributes:
        states: what was made of the PADs, in the order of the written inputs.
        operators: names of what was written, in execution order.
    """

    def __init__(self, graph: Graph, path: Path, head_names: Sequence[str] | None = None) -> None:
        self._graph = graph
        self._path = path
        self._head_names = head_names
        self._writer = TfliteWriter("mandible streaming viseme network")
        self._written: dict[int, int] = {}  # source activation -> written activation
        self._padded: dict[int, tuple[int, int]] = {}  # output of a PAD -> (its input, frames)
        self._state_inputs: list[int] = []
        self._state_outputs: list[int] = []
        self._state_bytes = 0
        self._shown: dict[int, str] = {}  # output of the source -> its name; the logits come first
        self.states: list[State] = []
        self.operators: list[str] = []

    def run(self) -> bytes:
        """Return the bytes of the one-hop model; raises InputError for a graph that has none."""
        graph = self._graph
        if len(graph.inputs) != 1:
            raise self._refused(
                f"the graph has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; a "
                "whole-sequence model has one input"
            )
        if len(graph.operators) > MAX_LAYERS:
            raise self._refused(f"it has {len(graph.operators)} operators, more than {MAX_LAYERS}")
        try:
            self._shown = named_outputs(graph, self._head_names)
        except UnfitError as error:
            raise self._refused(str(error)) from None
        self._written[graph.inputs[0]] = self._frame("mel", graph.inputs[0])
        for number, operator in enumerate(graph.operators):
            where = f"operator {number} ({operator.name})"
            if operator.name not in SOURCE_OPERATORS:
                raise self._refused(
                    f"{where} is not one of {', '.join(SOURCE_OPERATORS)}: {reason_against(operator.name)}"
                )
            if operator.name == "PAD":
                self._pad(operator, where)
            elif operator.name == "ADD":
                self._add(operator, where)
            else:
                self._convolution(operator, where)
        if not all(index in self._written for index in self._shown):
            raise self._refused("no operator computes the output")
        outputs = [*(self._written[index] for index in self._shown), *self._state_outputs]
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
        source, before_it = self._padded.get(source, (source, 0))
        self._padded[operator.outputs[0]] = (source, before_it + frames)

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
                f"{where} reaches back {reach_frames} frames but is padded by {padding_frames}; "
                "pad the front of the time axis by its reach"
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
        self._state_bytes += frames * channels
        if self._state_bytes > MAX_STATE_BYTES:
            raise self._refused(f"its states need more than {MAX_STATE_BYTES >> 10} KiB")
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
        name = self._shown.get(output, f"{operator.name.lower()}_{len(self.operators)}")
        self._written[output] = self._frame(name, output)
        self._writer.operator(operator.name, inputs, self._written[output], options)
        self.operators.append(operator.name)

    def _frame(self, name: str, source: int) -> int:
        tensor = self._tensor(source)
        if len(tensor.shape) != 4 or tensor.shape[0] != 1 or tensor.shape[2] != 1:
            raise self._refused(
                f"tensor {tensor.name!r} has shape {list(tensor.shape)} instead of [1, T, 1, C]"
            )
        length = self._tensor(self._graph.inputs[0]).shape[1]
        if tensor.shape[1] != length:
            raise self._refused(f"tensor {tensor.name!r} has {tensor.shape[1]} frames, the input {length}")
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
