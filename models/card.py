"""The card of a model: what it is, what it heard, how well it does, and how to check that it is the one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from mandible.models import network
from mandible.models.failures import known_failures
from mandible.models.released import card_path
from mandible.models.tflite_file import Graph, Tensor, parse, read_bytes
from mandible.models.visemes import VISEME_NAMES
from mandible.whole_file import written

FEATURES = "log-mel energies of one hop, lowest band first"
LOGITS = "viseme logits in the order of 'visemes'; the largest is the likeliest"


def _described(tensor: Tensor, meaning: str) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "meaning": meaning,
        "shape": list(tensor.shape),
        "type": tensor.kind,
        "scale": float(tensor.scales[0]),
        "zero_point": int(tensor.zero_points[0]),
    }


def tensors(graph: Graph) -> dict[str, Any]:
    """Return name, meaning, shape and quantisation of every tensor that a caller gives or gets.

    Input 0 is ``input``, input 1 + k is state k; output 0 is ``output``, then come the heads, then the state
    k of the next hop, which is input 1 + k of the next call.
    """
    inputs = [graph.tensors[number] for number in graph.inputs]
    outputs = [graph.tensors[number] for number in graph.outputs]
    heads = outputs[1 : 1 + len(outputs) - len(inputs)]
    return {
        "input": _described(inputs[0], FEATURES),
        "states": [_described(tensor, _remembered(tensor)) for tensor in inputs[1:]],
        "output": _described(outputs[0], LOGITS),
        "heads": [_described(tensor, f"auxiliary output {tensor.name!r} of the hop") for tensor in heads],
    }


def _remembered(tensor: Tensor) -> str:
    frames, channels, zero_point = tensor.shape[1], tensor.shape[3], int(tensor.zero_points[0])
    return (
        f"the last {frames} frames of {channels} channels, oldest first; all {zero_point} before the first "
        f"hop, then what next_{tensor.name} was"
    )


def facts(model: Path) -> dict[str, Any]:
    """Return what the file itself tells: checksum, size, parameters, operators, tensors."""
    data = read_bytes(model)
    graph = parse(data, model)
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": network.parse(data, model).parameters,
        "ops": sorted({operator.name for operator in graph.operators}),
        "operators": len(graph.operators),
        **tensors(graph),
    }


def write(model: Path, name: str, told: dict[str, Any]) -> Path:
    """Write the card beside a model file, whole or not at all.

    Args:
        model: the streaming ``.tflite`` file.
        name: the model's name.
        told: what the file cannot tell: size, lookahead_ms, training, data, split, licences, metrics.
            From data and metrics follow the card's ``languages`` and ``known_failures``.

    Raises:
        InputError: the model is damaged, or the card's place is no regular file or cannot be written.
    """
    card = {"name": name, "visemes": list(VISEME_NAMES), **facts(model), **told}
    if "data" in told:
        card["languages"] = sorted({one for row in told["data"]["train"] for one in row["languages"]})
    if told.get("metrics", {}).get("int8"):
        card["known_failures"] = known_failures(told["metrics"])
    path = card_path(model)
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    with written(path) as partial:
        # What UTF-8 cannot hold (half a character in a folder's name) JSON spells with a backslash too.
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path
