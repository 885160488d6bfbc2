"""The way back from a streaming ``.tflite`` to one that takes a sequence of T hops at once.

Each state with its CONCATENATION becomes a PAD of as many frames at the front of the time axis, which fills
in the zero point that a state holds before the first hop; so both forms compute the same bytes. What wants
whole sequences (a profiler, a debugger, another converter) can so be given any model of the family.
"""

from __future__ import annotations

from pathlib import Path

from mandible.errors import InputError
from mandible.models import network
from mandible.models.tflite_file import Graph, Operator, parse
from mandible.quantize.tflite_writer import TfliteWriter

# Ten minutes of sound; an interpreter keeps a few such sequences of every width in memory.
MOST_FRAMES = 60_000
VALID_PADDING = 1


def whole_sequence(content: bytes, path: Path, frames: int) -> bytes:
    """Return a model with input [1, frames, 1, 40], output 0 [1, frames, 1, 15], then the heads.

    Args:
        content: bytes of a streaming model.
        path: names it in messages.
        frames: hops of a sequence, 1 to 60,000.

    Raises:
        InputError: the model is damaged or none of ours, or ``frames`` is out of range.
    """
    if not 1 <= frames <= MOST_FRAMES:
        raise InputError(f"{path}: a sequence of {frames} hops is impossible; choose 1 to {MOST_FRAMES}")
    heads = len(network.parse(content, path).heads)
    return _Unrolled(parse(content, path), frames, heads).run()


class _Unrolled:
    """One pass over a graph that ``mandible.models.network`` has checked."""

    def __init__(self, graph: Graph, frames: int, heads: int) -> None:
        self._graph = graph
        self._frames = frames
        self._heads = heads
        self._writer = TfliteWriter("mandible whole-sequence viseme network")
        self._written: dict[int, int] = {}  # tensor of the source -> tensor of the copy

    def run(self) -> bytes:
        graph = self._graph
        self._written[graph.inputs[0]] = self._sequence(graph.inputs[0], self._frames)
        for operator in graph.operators:
            if operator.name == "CONCATENATION":
                self._pad(operator)
            elif operator.name != "SLICE":
                self._copy(operator)
        shown = graph.outputs[: 1 + self._heads]
        return self._writer.pack([self._written[graph.inputs[0]]], [self._written[index] for index in shown])

    def _pad(self, operator: Operator) -> None:
        state, frame = operator.inputs
        (window,) = operator.outputs
        reach_frames = self._graph.tensors[state].shape[1]
        padded = self._sequence(window, self._frames + reach_frames)
        amounts = self._writer.numbers(
            f"{self._graph.tensors[window].name}/paddings", [[0, 0], [reach_frames, 0], [0, 0], [0, 0]]
        )
        self._writer.operator("PAD", [self._written[frame], amounts], padded)
        self._written[window] = padded

    def _copy(self, operator: Operator) -> None:
        options = operator.options
        if operator.name == "ADD":
            inputs = [self._written[index] for index in operator.inputs]
            written = {"fusedActivationFunction": options["activation"]}
        else:
            source, weights, bias = operator.inputs
            constants = [
                self._writer.copy(self._graph.tensors[index].name, self._graph.tensors[index])
                for index in (weights, bias)
            ]
            inputs = [self._written[source], *constants]
            written = {
                "padding": VALID_PADDING,
                "strideH": 1,
                "strideW": 1,
                "dilationHFactor": options["dilation_height"],
                "dilationWFactor": 1,
                "fusedActivationFunction": options["activation"],
            }
            if "depth_multiplier" in options:
                written["depthMultiplier"] = options["depth_multiplier"]
        (output,) = operator.outputs
        self._written[output] = self._sequence(output, self._frames)
        self._writer.operator(operator.name, inputs, self._written[output], written)

    def _sequence(self, index: int, frames: int) -> int:
        like = self._graph.tensors[index]
        return self._writer.activation(like.name, (1, frames, 1, like.shape[3]), like)
