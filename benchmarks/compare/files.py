"""Holds the figures that are the same on every machine against those of a result file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from mandible.benchmarks.compare import verdicts
from mandible.benchmarks.figures import figure_named
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.result import Result
from mandible.errors import InputError
from mandible.wording import shortened

KIND = "file"
Conditions = tuple[tuple[str, str | int | float | bool], ...]
ByConditions = dict[Conditions, Measurement]


def check(result: Result, name: str) -> None:
    """Refuse a result that nothing may be held against.

    Raises:
        InputError: it is simulated as a whole, or has no figure that is the same on every machine; one line.
    """
    if result.simulated:
        raise InputError(f"{name}: its figures are simulated, which are never compared; measure on a device")
    if not any(figure_named(one.figure).portable for one in result.measurements):
        raise InputError(
            f"{name}: holds no size, count or accuracy, only what depends on its machine; "
            "compare speeds with a tag: mandible benchmark --compare TAG"
        )


def compared(found: Result, baseline: Result, name: str) -> dict[str, Any]:
    """Return what differs, and under ``holds`` whether nothing is worse than its tolerance.

    Values are held against values: where conditions are equal, both were found on the very same samples, and
    an interval over speakers, which speaks of other speakers, does not come in.

    Args:
        found: measured now, or read.
        baseline: what it is held against.
        name: of the baseline, as a person gave it.

    Raises:
        InputError: either is simulated, a figure is there twice, or they have nothing in common; one line.
    """
    check(baseline, name)
    check(found, "this result")
    ours, theirs = _portable(found, "this result"), _portable(baseline, name)
    rows = [_row(one, ours.get(key, {})) for key, ones in theirs.items() for one in ones.values()]
    for key, ones in ours.items():
        if key not in theirs:
            rows += [_apart(one, "not in the baseline", now=one.value) for one in ones.values()]
    if all(row["verdict"] == verdicts.NOT_COMPARED for row in rows):
        first = rows[0]
        told = " ".join(map(str, (first["probe"], *first["subject"].values(), first["figure"])))
        raise InputError(f"{name}: nothing in it can be compared with this result; {told}: {first['why']}")
    holds = all(row["verdict"] != verdicts.WORSE for row in rows)
    return {"against": name, "kind": KIND, "holds": holds, "rows": rows}


def _portable(result: Result, name: str) -> Mapping[object, ByConditions]:
    """Return the portable figures by key and conditions."""
    known: dict[object, ByConditions] = defaultdict(dict)
    for one in result.measurements:
        if figure_named(one.figure).portable:
            conditions = tuple(sorted(one.conditions.items()))
            if conditions in known[one.key]:
                of = " ".join(map(str, (one.probe, *one.subject.values(), one.figure)))
                raise InputError(f"{name}: {shortened(of)}: there twice; measure again")
            known[one.key][conditions] = one
    return known


def _row(baseline: Measurement, candidates: ByConditions) -> verdicts.Row:
    now = candidates.get(tuple(sorted(baseline.conditions.items())))
    if now is None:
        why = "not measured now" if not candidates else _difference(baseline, list(candidates.values()))
        return _apart(baseline, why, baseline=baseline.value)
    if baseline.simulated or now.simulated:
        why = "simulated in the baseline" if baseline.simulated else "simulated now"
        return _apart(baseline, why, baseline=baseline.value, now=now.value)
    tolerance = figure_named(baseline.figure).tolerance
    return verdicts.exact_row(
        baseline.probe, baseline.figure, baseline.subject, baseline.value, now.value, tolerance
    )


def _apart(one: Measurement, why: str, **values: float) -> verdicts.Row:
    return verdicts.row(one.probe, one.figure, one.subject, verdicts.NOT_COMPARED, why, **values)


def _difference(baseline: Measurement, candidates: Sequence[Measurement]) -> str:
    """Return which condition differs from the first candidate's."""
    now = candidates[0].conditions
    for name in sorted(baseline.conditions.keys() | now.keys()):
        before, after = baseline.conditions.get(name), now.get(name)
        if before != after:
            return f"{shortened(name)}: {_shown(before)} in the baseline, {_shown(after)} now"
    return "conditions differ"


def _shown(value: object) -> str:
    return "not told" if value is None else shortened(str(value), 24)
