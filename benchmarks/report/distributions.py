"""Section: how long a hop, a stage and the way from sound to pulse take, sample by sample."""

from __future__ import annotations

from mandible.benchmarks.figures import figure_named
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.report import plot, spread
from mandible.benchmarks.report.told import MISSING, heading, marked, number, plain, spoken, subjects
from mandible.benchmarks.result import Result
from mandible.models.page import Number

# A distribution of a single sample says nothing.
_FEWEST = 2
# What stands for a round; the figure is the median of it over the rounds.
_OF_A_ROUND = {
    "median": "median of a round", "mean": "mean of a round", "best": "best of a round",
    "worst": "worst of a round", "p99": "p99 of a round",
}  # fmt: skip
_READING = (
    "Each hill holds every raw sample of one subject, all on one logarithmic axis. The upright stroke is the "
    "median (p50); the diamond and the triangle are the values that 95 and 99 of 100 samples stay below; the "
    "ring is the slowest. A few samples are drawn as dots. The table's percentiles are of all samples; what "
    "follows is the figure itself, the median of the rounds', and where another run on the same machine "
    "lands in 95 of 100 cases."
)


def shown(result: Result) -> list[Measurement]:
    """Return the measurements whose samples form a distribution."""
    return [
        one
        for one in result.measurements
        if figure_named(one.figure).distribution and len(one.samples) >= _FEWEST
    ]


def section(result: Result) -> str:
    """Return the section, or nothing where nothing spreads."""
    found: dict[tuple[str, str], list[Measurement]] = {}
    for one in shown(result):
        found.setdefault((one.probe, one.figure), []).append(one)
    if not found:
        return ""
    parts = [_of_figure(probe, figure, rows) for (probe, figure), rows in found.items()]
    return plot.section("latency", "How latency spreads", plot.note(_READING), *parts)


def _of_figure(probe: str, figure: str, found: list[Measurement]) -> str:
    about = figure_named(figure)
    names = subjects([one.subject for one in found])
    rows = list(zip(names, found, strict=True))
    if not any("stage" in one.subject for one in found):
        rows.sort(key=lambda row: row[1].value)
    spreads = [spread.spread(name, one.samples, one.simulated) for name, one in rows]
    label = f"{spoken(figure)} of {len(rows)} subjects: median, p95, p99 and maximum in {about.unit}"
    drawn = plot.for_both(lambda width: spread.draw(spreads, about.unit, label, width))
    cells = [
        [
            marked(name, one.simulated),
            *(Number(number(value)) for value in row.ranks.values()),
            Number(number(one.value)),
            Number(_interval(one)),
            len(one.samples),
            len(one.rounds),
        ]
        for (name, one), row in zip(rows, spreads, strict=True)
    ]
    head = ("of", *spread.RANKS, _OF_A_ROUND[about.statistic], "expected again", "samples", "rounds")
    return (
        plot.heading(f"{heading(figure)}: {about.meaning} ({plain(probe)})")
        + drawn
        + plot.more_than_drawn(len(rows), spread.MOST_ROWS, "subjects")
        + plot.table(head, cells)
    )


def _interval(one: Measurement) -> str:
    low, high = one.expected
    return MISSING if low == high else f"{number(low, 3)} to {number(high, 3)}"
