"""Section: a long stretch of work under the thermometer."""

from __future__ import annotations

from mandible.benchmarks.measurement import Series
from mandible.benchmarks.report import over_time, plot
from mandible.benchmarks.report.told import column, marked, number, subjects
from mandible.benchmarks.result import Result
from mandible.models.page import Number

SERIES = "endurance"
_THROTTLED = "throttled"
_MOST_SERIES, _MOST_TOLD = 12, 8
_HALF = 0.5
_READING = (
    "What the computer did while the line ran without a pause. Stretches in which it held its clock back are "
    "shaded, and told below the plot."
)


def section(result: Result) -> str:
    """Return the section, or nothing where nothing was watched for long."""
    found = [one for one in result.series if one.name == SERIES and len(one.columns) > 1]
    if not found:
        return ""
    names = subjects([one.subject for one in found])
    parts = [_of_series(one, name) for one, name in zip(found[:_MOST_SERIES], names, strict=False)]
    return plot.section("endurance", "Endurance", plot.note(_READING), *parts)


def throttled(one: Series) -> list[tuple[float, float]]:
    """Return the stretches of time in which the series says that the clock was held back."""
    time = next(iter(one.columns.values()))
    found: list[tuple[float, float]] = []
    begun: float | None = None
    last = 0.0
    for now, held in zip(time, one.columns.get(_THROTTLED, ()), strict=False):
        if now is None:
            continue
        if held is not None and held > _HALF:
            begun = now if begun is None else begun
        elif begun is not None:
            found.append((begun, now))
            begun = None
        last = now
    return found if begun is None else [*found, (begun, last)]


def how_throttled(one: Series) -> str:
    """Return when the clock was held back, in words; that it never was only where the computer tells."""
    told = [f"{number(start)} to {number(end)} s" for start, end in throttled(one)]
    if told:
        more = f" and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
        return f"Throttled: {', '.join(told[:_MOST_TOLD])}{more}."
    known = any(value is not None for value in one.columns.get(_THROTTLED, ()))
    return "It was never throttled." if known else "This computer does not tell whether it was throttled."


def _of_series(one: Series, name: str) -> str:
    (_, time), *rest = one.columns.items()
    stretches = [over_time.Block(start, end, _THROTTLED) for start, end in throttled(one)]
    colours = ("second", "first", "third", "sixth", "fifth", "fourth")
    rows = []
    for index, (key, values) in enumerate(rest):
        if key == _THROTTLED or all(value is None for value in values):
            continue
        words, unit = column(key)
        line = over_time.Line(words, time, values, colours[index % len(colours)])
        rows.append(over_time.Row(words, unit, [line], shaded=stretches))
    title = marked(name, one.simulated)
    label = f"{title} over time: {', '.join(row.name for row in rows)}"
    shown = how_throttled(one)
    return (
        plot.heading(title)
        + plot.for_both(lambda width: over_time.draw(rows, "seconds", label, width))
        + plot.note(shown)
        + _table(one)
    )


def _table(one: Series) -> str:
    rows = []
    for key, values in list(one.columns.items())[1:]:
        known = [value for value in values if value is not None]
        words, unit = column(key)
        if known and key != _THROTTLED:
            numbers = (known[0], min(known), sum(known) / len(known), max(known), known[-1])
            rows.append([marked(words, one.simulated), unit, *(Number(number(value)) for value in numbers)])
    return plot.table(("of", "unit", "first", "least", "mean", "most", "last"), rows)
