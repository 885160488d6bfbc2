"""What a quantised model is written as, and how it is told: file, card, tables, JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from mandible.errors import InputError
from mandible.models import card
from mandible.models.released import card_path
from mandible.models.tflite_file import Graph, Tensor, parse
from mandible.models.visemes import VISEME_NAMES
from mandible.quantize.layer_error import LayerError
from mandible.quantize.recipes import EVERY_ENGINE, LITERT_ALONE, Made
from mandible.whole_file import check_place, written

SUFFIX = ".tflite"
_RUNS = {EVERY_ENGINE: "every engine, C, ONNX", LITERT_ALONE: "LiteRT only"}


def check(target: Path, source: Path) -> None:
    """Raise InputError where a model and its card cannot be written, before minutes go into making it."""
    if target.suffix != SUFFIX:
        raise InputError(f"{target}: name the file to write with -o NAME{SUFFIX}")
    if target.resolve() == source.resolve():
        raise InputError(f"{target}: is the float model itself; name another file with -o")
    check_place(target)
    check_place(card_path(target))


def write(made: Made, target: Path) -> Path:
    """Write the model, then its card beside it; returns the card's path.

    Raises:
        InputError: one of them cannot be written.
    """
    inherited = dict(made.model.card)
    told = {**inherited, "lookahead_ms": made.model.lookahead_ms, "runs_on": made.runs_on, **made.told}
    with written(target) as partial:
        partial.write_bytes(made.data)
    if made.runs_on == EVERY_ENGINE:
        return card.write(target, target.stem, told)
    path = card_path(target)
    text = json.dumps({**_facts(made, target), **told}, indent=1, ensure_ascii=False) + "\n"
    with written(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path


def _facts(made: Made, target: Path) -> dict[str, Any]:
    """Return what the file of a model for LiteRT alone tells; as ``card.facts`` does of others."""
    graph = parse(made.data, target)
    return {
        "name": target.stem,
        "visemes": list(VISEME_NAMES),
        "sha256": hashlib.sha256(made.data).hexdigest(),
        "bytes": len(made.data),
        "parameters": made.model.parameters,
        "ops": sorted({operator.name for operator in graph.operators}),
        "operators": len(graph.operators),
        **_tensors(graph),
    }


def _tensors(graph: Graph) -> dict[str, Any]:
    inputs = [graph.tensors[number] for number in graph.inputs]
    outputs = [graph.tensors[number] for number in graph.outputs]
    heads = outputs[1 : 1 + len(outputs) - len(inputs)]
    return {
        "input": _described(inputs[0], f"{card.FEATURES}; float values are int8 features / 32"),
        "states": [_described(one, _remembered(one)) for one in inputs[1:]],
        "output": _described(outputs[0], card.LOGITS),
        "heads": [_described(one, f"auxiliary output {one.name!r} of the hop") for one in heads],
    }


def _described(tensor: Tensor, meaning: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": tensor.name,
        "meaning": meaning,
        "shape": list(tensor.shape),
        "type": tensor.kind,
    }
    if tensor.scales.size:
        found |= {"scale": float(tensor.scales[0]), "zero_point": int(tensor.zero_points[0])}
    return found


def _remembered(tensor: Tensor) -> str:
    first = int(tensor.zero_points[0]) if tensor.zero_points.size else 0
    return (
        f"the last {tensor.shape[1]} frames of {tensor.shape[3]} channels, oldest first; all {first} before "
        f"the first hop, then what next_{tensor.name} was"
    )


def document(made: Made) -> dict[str, Any]:
    """Return a quantised model's figures as plain data."""
    return {
        "recipe": made.recipe.name,
        "bytes": len(made.data),
        "download_bytes": made.download_bytes,
        "runs_on": made.runs_on,
        "measure": made.told["loss"]["measure"],
        "float": round(made.float_accuracy, 2),
        "quantised": round(made.accuracy, 2),
        "loss_points": round(made.loss_points, 2),
        "logits_sqnr_db": round(made.logits_sqnr_db, 1),
        "seconds": round(made.seconds, 1),
    }


def table(tried: Sequence[Made], best: Made | None) -> Table:
    """Return what was tried as a table, the best one marked."""
    measure = tried[0].told["loss"]["measure"]
    shown = Table(title=f"float: {tried[0].float_accuracy:.2f} % {measure}")
    for name in (
        "recipe",
        "bytes",
        "gzip",
        f"{measure} %",
        "loss, points",
        "logits dB",
        "seconds",
        "runs on",
    ):
        shown.add_column(name, justify="left" if name in ("recipe", "runs on") else "right")
    for made in tried:
        shown.add_row(
            f"{made.recipe.name} *" if made is best and len(tried) > 1 else made.recipe.name,
            f"{len(made.data):,}",
            f"{made.download_bytes:,}",
            f"{made.accuracy:.2f}",
            f"{made.loss_points:.2f}",
            f"{made.logits_sqnr_db:.1f}",
            f"{made.seconds:.1f}",
            _RUNS[made.runs_on],
        )
    return shown


def layer_table(errors: Sequence[LayerError]) -> Table:
    """Return the per-layer errors as a table."""
    shown = Table(title="float against int8, layer by layer (SQNR in dB, shares of the logits' error in %)")
    for name in (
        "layer",
        "SQNR",
        "own",
        "float range",
        "int8 range",
        "cut off",
        "share",
        "steps",
        "suggestion",
    ):
        shown.add_column(name, justify="left" if name in ("layer", "suggestion") else "right")
    for one in errors:
        shown.add_row(
            one.name,
            f"{one.sqnr_db:.1f}",
            f"{one.own_sqnr_db:.1f}",
            f"{one.float_low:.2f} .. {one.float_high:.2f}",
            f"{one.int8_low:.2f} .. {one.int8_high:.2f}",
            f"{one.saturated_share:.2%}",
            f"{one.logits_share:.1%}",
            f"{one.rounding_share:.1%}",
            one.suggestion,
        )
    return shown
