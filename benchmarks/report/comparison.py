"""Section: this run held against another, figure by figure, with the interval of each ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from mandible.benchmarks.figures import figures
from mandible.benchmarks.report import plot
from mandible.benchmarks.report.axis import Axis, below, over
from mandible.benchmarks.report.marks import mark, span
from mandible.benchmarks.report.told import MISSING, fitted, number, plain, spoken, width_of
from mandible.benchmarks.result import Result
from mandible.models.drawing import svg, text
from mandible.models.page import Number

# Worst first, as the plot has them: shape, colour and word each tell.
VERDICTS = {"worse": ("cross", "worse"), "better": ("up", "first"), "same": ("circle", "quiet")}
MOST_ROWS = 60
_NAME_PX, _WORDS_PX, _ROW_PX, _NARROW_ROW_PX = 300, 252, 30, 64
_READING = (
    "The ratio is now divided by the baseline: 1 is unchanged. Bars are 95 % intervals of the ratio; an "
    "interval that includes 1 may be chance. A figure is worse only where its whole interval lies beyond its "
    "limit (the short upright stroke): a cross and the word WORSE. A triangle is better, a circle the same."
)
_READING_EXACT = "Figures that are the same on every machine have no interval."


@dataclass(frozen=True)
class Held:
    """One figure against its baseline; None where it was not compared.

    Attributes:
        limit: how much worse still passes, as a share of the baseline.
        grows: more of it is worse.
    """

    name: str
    unit: str
    baseline: float | None
    now: float | None
    ratio: float | None
    low: float | None
    high: float | None
    limit: float | None
    verdict: str
    why: str
    grows: bool = True

    @property
    def last_passing(self) -> float | None:
        """The ratio at its limit."""
        if self.limit is None:
            return None
        return 1 + self.limit if self.grows else 1 - self.limit

    @property
    def drawable(self) -> bool:
        """Whether it has a ratio that an axis can show."""
        return self.verdict in VERDICTS and all(
            value is not None and value > 0 for value in (self.ratio, self.low, self.high)
        )


def held(comparison: Mapping[str, Any]) -> list[Held]:
    """Return the rows of a comparison, worse ones first; what is no row is left out."""
    rows = comparison.get("rows")
    found = [_row(row) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    order = {verdict: place for place, verdict in enumerate(VERDICTS)}
    return sorted(found, key=lambda row: order.get(row.verdict, len(order)))


def _row(row: Mapping[str, Any]) -> Held:
    subject = row.get("subject")
    of = " ".join(map(str, subject.values())) if isinstance(subject, Mapping) else ""
    numbers = {name: _finite(row.get(name)) for name in ("baseline", "now", "ratio", "low", "high", "limit")}
    return Held(
        name=plain(f"{spoken(str(row.get('figure', '')))} {of}".strip(), 90),
        unit=plain(row.get("unit", "")),
        verdict=plain(row.get("verdict", "")),
        why=plain(row.get("why") or "", 200),
        grows=_better(str(row.get("figure"))) != "higher",
        **numbers,
    )


def _better(figure: str) -> str:
    # A file may hold figures of another version.
    return figures()[figure].better if figure in figures() else "lower"


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def section(result: Result) -> str:
    """Return the section, or nothing where nothing was compared."""
    if not isinstance(result.comparison, Mapping):
        return ""
    rows = held(result.comparison)
    against = plain(result.comparison.get("against", "another run"))
    drawn = [row for row in rows if row.drawable]
    parts = [_verdict(result.comparison, rows, against), plot.note(f"{_READING} {_READING_EXACT}")]
    if drawn:
        label = f"ratio of {len(drawn)} figures, now against {against}, with 95 % intervals"
        parts.append(plot.for_both(lambda width: forest(drawn[:MOST_ROWS], label, width)))
        parts.append(plot.more_than_drawn(len(drawn), MOST_ROWS, "figures, worse ones first"))
    head = ("figure", "baseline", "now", "ratio", "95 % interval", "passes", "verdict", "why")
    parts.append(plot.table(head, [_cells(row) for row in rows], "Every figure compared"))
    return plot.section("comparison", f"Against {against}", *parts)


def _verdict(comparison: Mapping[str, Any], rows: Sequence[Held], against: str) -> str:
    worse = sum(row.verdict == "worse" for row in rows)
    if comparison.get("holds") is True:
        words = f"Nothing is worse than {escape(against)} beyond noise."
        return f'<p class="held"><strong>Holds.</strong> {words}</p>'
    many = f"{worse} figure is" if worse == 1 else f"{worse} figures are"
    return f'<p class="banner"><strong>Does not hold.</strong> {many} worse than {escape(against)}.</p>'


def _ratio(value: float) -> str:
    return f"{value:.3f}" if value < 10 else number(value, 3)


def _cells(row: Held) -> list[object]:
    def told(value: float | None) -> Number:
        return Number(MISSING if value is None else number(value))

    unit = f" {row.unit}" if row.unit else ""
    limits = MISSING if row.low is None or row.high is None else f"{_ratio(row.low)} to {_ratio(row.high)}"
    verdict = row.verdict.upper() if row.verdict == "worse" else row.verdict
    return [
        row.name,
        Number(f"{told(row.baseline)}{unit}"),
        Number(f"{told(row.now)}{unit}"),
        Number(MISSING if row.ratio is None else _ratio(row.ratio)),
        Number(limits),
        Number(MISSING if row.limit is None else f"{number(100 * row.limit)} %"),
        verdict,
        row.why,
    ]


def forest(rows: Sequence[Held], label: str, width: float) -> str:
    """Return the plot of ratios and their intervals, ``width`` pixels wide; each row must be drawable."""
    narrow = width < 600
    name_px = min(_NAME_PX, 24 + max(width_of(row.name) for row in rows))
    left, right = (8.0, width - 10) if narrow else (name_px, width - _WORDS_PX)
    row_px, top = (_NARROW_ROW_PX if narrow else _ROW_PX), 12.0
    bottom = top + row_px * len(rows)
    ends = [value for row in rows for value in (row.low, row.high, row.ratio, row.last_passing) if value]
    axis = over([value for value in (*ends, 1.0) if value > 0], left + 6, right - 10, log=True)
    one = axis.at(1.0)
    body = [
        *below(axis, top, bottom, "now / baseline"),
        span(one, top - 6, one, bottom, "ink", "unchanged", 1.2),
    ]
    for index, row in enumerate(rows):
        body += _forest_row(row, axis, top + index * row_px, width, name_px, narrow)
    return svg(width, bottom + 42, label, body)


def _forest_row(row: Held, axis: Axis, top: float, width: float, name_px: float, narrow: bool) -> list[str]:
    assert row.ratio is not None and row.low is not None and row.high is not None  # noqa: PT018
    shape, colour = VERDICTS[row.verdict]
    y = top + (46 if narrow else _ROW_PX / 2)
    verdict = row.verdict.upper() if row.verdict == "worse" else row.verdict
    limits = "" if row.low == row.high else f" ({_ratio(row.low)} to {_ratio(row.high)})"
    words = f"{_ratio(row.ratio)}{limits}"
    more = f"style='fill:var(--{colour});font-weight:600'" if row.verdict == "worse" else 'class="name"'
    if narrow:
        body = [
            text(6, top + 14, fitted(row.name, width - 12), more='class="name"'),
            text(6, top + 30, fitted(f"{verdict}: {words}", width - 12), more=more),
        ]
    else:
        body = [
            text(name_px - 8, y + 4, fitted(row.name, name_px - 12), "end", 'class="name"'),
            text(width - _WORDS_PX + 4, y + 4, fitted(f"{verdict}  {words}", _WORDS_PX - 4), more=more),
        ]
    said = f"{row.name}: {verdict}, {words}"
    if row.last_passing is not None and row.last_passing > 0:
        x = axis.at(row.last_passing)
        body.append(span(x, y - 9, x, y + 9, "second", f"limit {number(row.last_passing)}", 2.5))
    body.append(span(axis.at(row.low), y, axis.at(row.high), y, colour, said, 2))
    body.append(mark(shape, axis.at(row.ratio), y, colour, said, size=5))
    return body
