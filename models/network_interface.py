"""What a streaming ``.tflite`` shows to the outside: features and states in, logits, heads and states out."""

from __future__ import annotations

import math

from mandible.device.frames import MEL_BANDS
from mandible.models.heads import MOST_HEADS
from mandible.models.quantisation import UnfitError, activation_quantisation
from mandible.models.tflite_file import Graph, Tensor

FEATURE_SCALE = 1 / 32  # the front end's unit
MAX_LAYERS = 512
MAX_CHANNELS = 4096
MAX_STATE_BYTES = 1024 * 1024


def takes_sequences(graph: Graph) -> bool:
    """Tell whether a graph takes a sequence [1, T, 1, C] at once and keeps no state between calls.

    A T of 1 may stand for any length; then padding in time, which no streaming model has, tells.
    """
    if len(graph.inputs) != 1:
        return False
    shape = graph.tensors[graph.inputs[0]].shape
    pads = any(operator.name == "PAD" for operator in graph.operators)
    return len(shape) == 4 and shape[0] == shape[2] == 1 and (shape[1] != 1 or pads)


def _check_is_streaming(graph: Graph) -> None:
    if not takes_sequences(graph):
        return
    kind = graph.tensors[graph.inputs[0]].kind
    if kind != "int8":
        raise UnfitError(f"it is {kind} and takes whole sequences; make it one with: mandible quantize")
    raise UnfitError(
        "it takes whole sequences; make it one in Python: mandible.quantize.streaming.to_streaming(OLD, NEW)"
    )


def check_interface(graph: Graph) -> None:
    """Raise UnfitError unless inputs are features and states, and outputs logits, heads and those states."""
    _check_is_streaming(graph)
    heads = len(graph.outputs) - len(graph.inputs)
    if not graph.inputs or not 0 <= heads <= MOST_HEADS:
        raise UnfitError(
            f"it has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs, not equally many "
            f"and at most {MOST_HEADS} heads"
        )
    if len(set(graph.inputs)) != len(graph.inputs) or len(set(graph.outputs)) != len(graph.outputs):
        raise UnfitError("an input or output is listed twice")
    if len(graph.operators) > MAX_LAYERS:
        raise UnfitError(f"it has {len(graph.operators)} operators, more than {MAX_LAYERS}")
    features = frame(graph, graph.inputs[0])
    if features.shape[3] != MEL_BANDS or activation_quantisation(features) != (FEATURE_SCALE, 0):
        raise UnfitError(f"input 0 is not {MEL_BANDS} features of scale 1/32 and zero point 0")
    _check_states(graph, graph.outputs[1 + heads :])


def _check_states(graph: Graph, successors: tuple[int, ...]) -> None:
    states = [graph.tensors[index] for index in graph.inputs[1:]]
    if sum(math.prod(state.shape) for state in states) > MAX_STATE_BYTES:
        raise UnfitError(f"its states need more than {MAX_STATE_BYTES >> 10} KiB")
    for index, state, number in zip(graph.inputs[1:], states, successors, strict=True):
        following = graph.tensors[number]
        if state.data is not None or state.shape != following.shape:
            raise UnfitError(f"state {state.name!r} and its successor differ in shape")
        if activation_quantisation(state) != activation_quantisation(following):
            raise UnfitError(f"state {state.name!r} and its successor differ in scale or zero point")
        if index in graph.outputs:
            raise UnfitError(f"state {state.name!r} is an input and an output at once")


def frame(graph: Graph, index: int, channels: int | None = None) -> Tensor:
    """Return a tensor that holds one hop, of ``channels`` channels where that is known."""
    tensor = graph.tensors[index]
    if len(tensor.shape) != 4:
        raise UnfitError(f"tensor {tensor.name!r} has rank {len(tensor.shape)}, not 4")
    wanted = tensor.shape[3] if channels is None else channels
    if tensor.shape != (1, 1, 1, wanted) or not 1 <= wanted <= MAX_CHANNELS:
        raise UnfitError(f"tensor {tensor.name!r} has shape {list(tensor.shape)}, not [1, 1, 1, {wanted}]")
    return tensor
