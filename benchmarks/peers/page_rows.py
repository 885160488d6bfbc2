"""A result's programs as rows for the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from mandible.benchmarks.peers.standing import COST, PROBE, standings
from mandible.benchmarks.result import Result

_SCORES = ("accuracy", "lip_shapes", "bilabial_f1", "jaw_r")
COLUMNS = (
    "program", "answers", "accuracy, own classes", "lip shapes", "bilabial F1", "jaw r", "late by", "CPU s/s",
)  # fmt: skip


def systems(run: Result) -> Iterator[tuple[str, ...]]:
    """Yield a row of ``COLUMNS`` for every program."""
    for cost in run.of(PROBE, COST):
        name = str(cost.subject["system"])
        scores = [run.of(PROBE, figure, system=name)[0] for figure in _SCORES]
        late = run.of(PROBE, "lateness_ms", system=name)[0]
        told = (f"{one.value:.3f}" for one in scores)
        answers = "live" if cost.conditions["live"] else "offline"
        yield name, answers, *told, f"{late.value:.0f} ms", f"{cost.value:.4f}"


def in_their_classes(run: Result, ours: str) -> Iterator[tuple[str, ...]]:
    """Yield every other program with its accuracy in its own classes, and that of ours in the same."""
    for standing in standings(run):
        if standing.ours == ours:
            own = run.of(PROBE, "accuracy", system=standing.other)[0].value
            yield standing.other, f"{own:.3f}", f"{own + standing.ahead['accuracy']:.3f}"
