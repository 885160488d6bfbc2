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


def _described(tensor: Tensor) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "type": tensor.kind,
        "scale": float(tensor.scales[0]),
        "zero_point": int(tensor.zero_points[0]),
    }


def tensors(graph: Graph) -> dict[str, Any]:
    """Return the descriptions of input, states and output; state k is input k and output k."""
    inputs = [graph.tensors[number] for number in graph.inputs]
    return {
        "input": _described(inputs[0]),
        "states": [_described(tensor) for tensor in inputs[1:]],
        "output": _described(graph.tensors[graph.outputs[0]]),
    }


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
