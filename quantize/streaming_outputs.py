"""Which output of a whole-sequence model is the logits, and what the others are called.

Names of signatures seldom survive conversion, but the logits have as many channels as there are visemes. A
head is called after its own tensor, or else after the layer whose weights make it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mandible.models.heads import MOST_HEADS, NAME, check_names
from mandible.models.quantisation import UnfitError
from mandible.models.tflite_file import Graph
from mandible.models.visemes import VISEME_COUNT

# What converters call tensors when they have no name for them.
_NOBODYS = re.compile(r"((stateful)?partitionedcall|identity|output|(depthwise_)?conv_?2d|add)[_\d]*", re.I)
# The last part of a variable's path, which names the operation and not the layer.
_OPERATION = re.compile(r"(conv2d|depthwise(_weights)?|biasadd|kernel|bias|weights|readvariableop)\d*", re.I)


def named_outputs(graph: Graph, head_names: Sequence[str] | None = None) -> dict[int, str]:
    """Return tensor number -> name for all outputs: ``logits`` first, then the heads in their order.

    Args:
        graph: the whole-sequence model.
        head_names: what to call the heads; None to ask the file.

    Raises:
        UnfitError: no output or several have 15 channels, an output is listed twice, or names do not fit.
    """
    outputs = graph.outputs
    if not 1 <= len(outputs) <= 1 + MOST_HEADS or len(set(outputs)) != len(outputs):
        raise UnfitError(
            f"it has {len(outputs)} outputs; there must be the logits and at most {MOST_HEADS} heads"
        )
    logits = [index for index in outputs if graph.tensors[index].shape[-1:] == (VISEME_COUNT,)]
    if len(logits) != 1:
        told = ", ".join(str(list(graph.tensors[index].shape)) for index in outputs)
        raise UnfitError(
            f"{len(logits)} of its outputs have {VISEME_COUNT} channels, so that the logits cannot be told "
            f"(outputs {told}); keep exactly one"
        )
    heads = [index for index in outputs if index != logits[0]]
    names = _found(graph, heads) if head_names is None else list(head_names)
    if len(names) != len(heads):
        raise UnfitError(f"{len(names)} names were given for {len(heads)} heads")
    check_names(names)
    return {logits[0]: "logits", **dict(zip(heads, names, strict=True))}


def _found(graph: Graph, heads: Sequence[int]) -> list[str]:
    names = [_name(graph, index) or f"head_{number}" for number, index in enumerate(heads)]
    # Two layers of one name in different scopes: numbers tell them apart.
    doubtful = len(set(names)) != len(names)
    return [f"head_{number}" for number in range(len(heads))] if doubtful else names


def _name(graph: Graph, output: int) -> str | None:
    own = graph.tensors[output].name.split(":")[0]
    if NAME.fullmatch(own) and not _NOBODYS.fullmatch(own):
        return own
    maker = next((operator for operator in graph.operators if output in operator.outputs), None)
    if maker is None or len(maker.inputs) < 2:
        return None
    path = graph.tensors[maker.inputs[1]].name.split(";")[-1].split("/")
    layers = [part for part in path if not _OPERATION.fullmatch(part)]
    return layers[-1] if layers and NAME.fullmatch(layers[-1]) else None
