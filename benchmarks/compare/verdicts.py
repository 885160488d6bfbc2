"""Rows of a comparison: what was held against what, and how that came out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mandible.benchmarks.figures import figure_named
from mandible.benchmarks.measurement import rounded

SAME, BETTER, WORSE, NOT_COMPARED = "same", "better", "worse", "not compared"
Row = dict[str, Any]
Subject = Mapping[str, str | int]
# What arithmetic in binary leaves of a difference of nothing.
_SLACK = 1e-9


def row(
    probe: str, figure: str, subject: Subject, verdict: str, why: str = "", **numbers: float | None
) -> Row:
    """Return a row; ``numbers`` are baseline, now, ratio, low, high, limit and finds, where known."""
    names = ("baseline", "now", "ratio", "low", "high", "limit")
    found = {name: numbers.get(name) for name in (*names, *numbers)}
    return {
        "probe": probe,
        "figure": figure,
        "unit": figure_named(figure).unit,
        "subject": dict(subject),
        **{name: None if value is None else rounded(value) for name, value in found.items()},
        "verdict": verdict,
        "why": why,
    }


def exact_row(probe: str, figure: str, subject: Subject, baseline: float, now: float, limit: float) -> Row:
    """Return the row of two values of which each is always the same; ``limit`` is a share of the baseline."""
    better = figure_named(figure).better
    change = now - baseline
    ratio = now / baseline if baseline and math.isfinite(now / baseline) else None
    numbers = {"baseline": baseline, "now": now, "ratio": ratio, "low": ratio, "high": ratio, "limit": limit}
    if better == "neither":
        return row(probe, figure, subject, NOT_COMPARED, "it only describes", **numbers)
    loss = -change if better == "higher" else change
    if loss > abs(baseline) * limit * (1 + _SLACK) + _SLACK * abs(now):
        return row(probe, figure, subject, WORSE, _by_how_much(change, baseline, limit), **numbers)
    return row(probe, figure, subject, BETTER if loss < 0 else SAME, "", **numbers)


def _by_how_much(change: float, baseline: float, limit: float) -> str:
    if not baseline:
        return f"{change:+,.4g} where the baseline has none"
    return f"{change:+,.4g}, {100 * change / abs(baseline):+.2f} %; {100 * limit:g} % passes"


def ratio_row(
    probe: str,
    figure: str,
    subject: Subject,
    baseline: float,
    now: float,
    interval: tuple[float, float, float],
    limit: float,
    finds: float,
    most_found: float,
) -> Row:
    """Return the row of a figure of which less is better and whose ratio is known within an interval.

    Args:
        probe: who measured it.
        figure: of which less is better.
        subject: of what.
        baseline: its value there.
        now: its value here.
        interval: ratio, low and high.
        limit: worse is only what lies above 1 + limit as a whole; better what lies below its inverse.
        finds: the slow-down that would have been found in 95 of 100 comparisons, as a ratio.
        most_found: with ``finds`` above that, passing would say nothing.
    """
    ratio, low, high = interval
    numbers = {"baseline": baseline, "now": now, "ratio": ratio, "low": low, "high": high}
    numbers |= {"limit": limit, "finds": finds}
    power = f"{100 * (finds - 1):+.0f} % would be found in 95 of 100 runs"
    if low > 1 + limit:
        why = f"{100 * (ratio - 1):+.1f} %, at least {100 * (low - 1):+.1f} %; {100 * limit:g} % passes"
        return row(probe, figure, subject, WORSE, why, **numbers)
    if finds > most_found:
        return row(probe, figure, subject, NOT_COMPARED, f"too noisy here: only {power}", **numbers)
    return row(probe, figure, subject, BETTER if high < 1 / (1 + limit) else SAME, power, **numbers)
