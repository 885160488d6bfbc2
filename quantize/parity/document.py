"""A parity report as plain data: what ``--json`` prints and the page is made from."""

from __future__ import annotations

from typing import Any

import numpy as np

from mandible.errors import InputError
from mandible.models.visemes import VISEME_COUNT
from mandible.quantize import layer_error
from mandible.quantize.parity import registry
from mandible.quantize.parity.checking import Checked, Result
from mandible.quantize.parity.hops import SPEECH

FORMAT, VERSION = "mandible-parity", 1
# Enough for a figure per layer; every layer costs a pass over the rest of the network.
LAYER_HOPS = 500


def document(checked: Checked) -> dict[str, Any]:
    """Return everything that was measured."""
    subject, plan = checked.subject, checked.plan
    layers, reason = layer_rows(checked)
    return {
        "format": FORMAT,
        "version": VERSION,
        "model": subject.name,
        "sha256": subject.sha256,
        "parameters": subject.network.parameters,
        "lookahead_ms": subject.lookahead_ms,
        "float": None if subject.float_model is None else subject.float_model.name,
        "yardstick": checked.yardstick,
        "segments": [{"name": one.name, "kind": one.kind, "hops": len(one.hops)} for one in plan.segments],
        "speech_hops_asked": plan.speech_hops,
        "tolerances": vars(plan.tolerances).copy(),
        "engines": [_engine(one) for one in checked.results],
        "confusion": confusion(checked),
        "layers": layers,
        "layers_missing": reason,
        "held": not checked.broken,
    }


def _engine(result: Result) -> dict[str, Any]:
    outcome = result.outcome
    row: dict[str, Any] = {
        "name": result.name,
        "about": registry.ENGINES[result.name].about,
        "kind": result.kind,
        "status": result.status,
        "reasons": result.reasons,
        "cost": None if outcome is None or outcome.cost is None else round(outcome.cost, 3),
        "unit": None if outcome is None else outcome.unit,
        "facts": {} if outcome is None else outcome.facts,
        "comparison": None if result.found is None else result.found.as_data(),
        "accuracy": None if result.accuracy is None else result.accuracy.as_data(),
        "lost_points": result.lost_points,
    }
    return row


def layer_rows(checked: Checked) -> tuple[list[dict[str, Any]], str | None]:
    """Return what rounding costs layer by layer, on speech, or why that cannot be told."""
    before = checked.subject.float_model
    speech = [one.hops for one in checked.plan.segments if one.kind == SPEECH]
    if before is None or not speech:
        return [], "no float network is known" if before is None else "there is no speech"
    try:
        mels = np.concatenate(speech)[:LAYER_HOPS]
        errors = layer_error.layer_errors(before, checked.subject.network, mels)
    except InputError as error:
        return [], str(error)
    return [one.described() for one in errors], None


def confusion(checked: Checked) -> dict[str, Any] | None:
    """Return what is taken for what: labels by int8 where there are labels, else float by int8 on speech."""
    by_name = {one.name: one for one in checked.results}
    yardstick, before = by_name[checked.yardstick], by_name.get("float")
    if yardstick.accuracy is not None:
        return {
            "rows": "label",
            "columns": checked.yardstick,
            "recordings": yardstick.accuracy.recordings,
            "counts": np.asarray(yardstick.accuracy.confusion).round().astype(int).tolist(),
        }
    if before is None or before.outcome is None or yardstick.outcome is None:
        return None
    counts = np.zeros((VISEME_COUNT, VISEME_COUNT), int)
    pairs = zip(checked.plan.segments, before.outcome.logits, yardstick.outcome.logits, strict=False)
    for segment, one, other in pairs:
        if segment.kind == SPEECH:
            np.add.at(counts, (one.argmax(axis=1), other.argmax(axis=1)), 1)
    if not counts.any():
        return None
    return {"rows": "float", "columns": checked.yardstick, "recordings": 0, "counts": counts.tolist()}
