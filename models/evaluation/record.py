"""Scores as plain data: what ``--json`` prints and a model card keeps."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mandible.models.evaluation.measure import CLEAN, Heard, Plan, Results
from mandible.models.evaluation.sets import Sets
from mandible.models.evaluation.subjects import Subject
from mandible.models.evaluation.tracks import WAYS
from mandible.models.scoring.bootstrap import Interval
from mandible.models.scoring.score import Score
from mandible.models.visemes import VISEME_NAMES

FORMAT, VERSION = "mandible-evaluation", 1
DIGITS = 4
# Sums worth keeping whole: anybody can make other figures of them.
_CONFUSION = "viseme_confusion"


def number(value: float) -> float | None:
    """Return a rounded figure, or None where there was nothing to judge."""
    return None if math.isnan(value) else round(float(value), DIGITS)


def _interval(limits: Interval | None) -> list[float | None] | None:
    return None if limits is None else [number(limit) for limit in limits]


def score(one: Score) -> dict[str, Any]:
    """Return a score's figures, intervals, per-class figures and sums."""
    classes: dict[str, dict[str, Any]] = {}
    confusion = one.sums[_CONFUSION]
    for viseme, name in enumerate(VISEME_NAMES):
        row: dict[str, Any] = {"frames": int(confusion[viseme].sum())}
        for kind, values in one.per_class.items():
            row[kind] = number(float(values[viseme]))
            if one.per_class_intervals:
                row[f"{kind}_interval"] = _interval(one.per_class_intervals[kind][viseme])
        classes[name] = row
    return {
        "figures": {name: number(value) for name, value in one.figures.items()},
        "intervals": {name: _interval(limits) for name, limits in one.intervals.items()},
        "per_class": classes,
        "sums": {name: _plain(values) for name, values in one.sums.items() if not name.endswith("_sums")},
    }


def _plain(values: np.ndarray[Any, Any]) -> Any:
    # Most sums are whole numbers; seconds are not.
    rounded = np.round(values, 3)
    return (rounded.astype(np.int64) if np.all(rounded == np.rint(rounded)) else rounded).tolist()


def heard(one: Heard, plan: Plan) -> dict[str, Any]:
    """Return what one model scored on one set: how much was heard, both ways to read it, and lateness."""
    scores = {way: one.score(way, plan) for way in WAYS}
    return {
        "utterances": len(one.utterances),
        "speakers": len({utterance.speaker for utterance in one.utterances}),
        "units": next(iter(scores.values())).units,
        "seconds": round(float(sum(reference.seconds.sum() for reference in one.references)), 2),
        "lateness_ms": {way: one.lateness_ms(way) for way in WAYS},
        **{way: score(result) for way, result in scores.items()},
    }


def by_value(one: Heard, plan: Plan, values: Mapping[str, str]) -> dict[str, Any]:
    """Return a smaller record for each value of a column; ``values`` maps utterances to theirs."""
    members: dict[str, list[int]] = defaultdict(list)
    for position, utterance in enumerate(one.utterances):
        members[values[utterance.name]].append(position)
    table = {}
    for value in sorted(members):
        row: dict[str, Any] = {"utterances": len(members[value])}
        for way in WAYS:
            scored = one.score(way, plan, members[value])
            full, row["units"] = score(scored), scored.units
            row[way] = {key: full[key] for key in ("figures", "intervals")}
        table[value] = row
    return table


def document(
    subjects: Sequence[Subject],
    sets: Sets,
    results: Results,
    plan: Plan,
    columns: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Return everything that was measured, as plain data."""
    models = []
    for position, subject in enumerate(subjects):
        measured: dict[str, Any] = {}
        for name in sets:
            clean = results[position, name, CLEAN]
            entry = heard(clean, plan)
            if plan.snrs_db:
                entry["noise"] = {
                    f"{snr_db:g}": heard(results[position, name, snr_db], plan) for snr_db in plan.snrs_db
                }
            if columns is not None:
                entry["by"] = by_value(clean, plan, columns[name])
            measured[name] = entry
        models.append(
            {
                "name": subject.name,
                "sha256": subject.sha256,
                "lookahead_ms": subject.lookahead_ms,
                "engine": subject.engine,
                "sets": measured,
            }
        )
    return {
        "format": FORMAT,
        "version": VERSION,
        "draws": plan.draws,
        "seed": plan.seed,
        "snrs_db": list(plan.snrs_db),
        "models": models,
    }
