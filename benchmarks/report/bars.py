"""A bar for each subject of a figure, from zero, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.report.axis import over
from mandible.benchmarks.report.marks import mark, span
from mandible.benchmarks.report.told import fitted, heading, marked, number
from mandible.models.drawing import svg, text

MOST_ROWS = 24
_ROW_PX, _BAR_PX, _TOP = 36, 10, 28
# Bars that differ by more than this could not be told from none; they become marks on a logarithmic axis.
_MOST_RATIO = 100.0
_NUMBER_PX = 78


def draw(rows: Sequence[tuple[str, Measurement]], figure: str, width: float) -> str:
    """Return the bars of (name, measurement), at most ``MOST_ROWS``."""
    shown = rows[:MOST_ROWS]
    values = [one.value for _, one in shown]
    ends = [end for _, one in shown for end in one.expected]
    logarithmic = min(values) > 0 and max(values) / min(values) > _MOST_RATIO
    scale = [end for end in (*ends, *values) if end > 0] if logarithmic else [*ends, *values]
    axis = over(scale, 4, width - _NUMBER_PX, log=logarithmic, zero=not logarithmic)
    left = axis.start if logarithmic else axis.at(0.0)
    body = [
        text(
            4,
            15,
            fitted(heading(figure) + (", logarithmic" if logarithmic else ""), width),
            more='class="head"',
        )
    ]
    for index, (name, one) in enumerate(shown):
        y = _TOP + index * _ROW_PX
        title = marked(name, one.simulated)
        said = f"{title}: {number(one.value)}"
        body.append(text(4, y + 12, fitted(title, width - 8), more='class="name"'))
        middle = y + 17 + _BAR_PX / 2
        x = axis.at(one.value)
        if logarithmic:
            body.append(span(axis.start, middle, axis.end, middle, "line", width=1))
            body.append(mark("diamond", x, middle, "first", said, one.simulated, 4.5))
        else:
            dashes = ' stroke-dasharray="3 2"' if one.simulated else ""
            body.append(
                f'<rect x="{min(left, x):.1f}" y="{y + 17}" width="{max(abs(x - left), 1):.1f}" '
                f'height="{_BAR_PX}" fill="var(--first)" fill-opacity="{0.25 if one.simulated else 0.85}" '
                f'stroke="var(--first)"{dashes}><title>{escape(said)}</title></rect>'
            )
        low, high = one.expected
        if high > low:
            body.append(span(axis.at(low), middle, axis.at(high), middle, "ink", said, 1.2))
        right = max(x, axis.at(high)) + 6
        body.append(text(right, middle + 4, number(one.value)))
    return svg(width, _TOP + _ROW_PX * len(shown) + 4, f"{heading(figure)} of {len(shown)} subjects", body)
