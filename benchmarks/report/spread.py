"""How samples spread: a row for each subject on one logarithmic axis, a hill of its samples, and its tail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.benchmarks.report.axis import Axis, below, over, points
from mandible.benchmarks.report.marks import mark, span
from mandible.benchmarks.report.told import fitted, marked, number, width_of
from mandible.models.drawing import svg, text

RANKS = ("p50", "p95", "p99", "max")
_SHAPES = {"p50": "tick", "p95": "diamond", "p99": "up", "max": "circle"}
MOST_ROWS = 40
# Fewer samples than these have no hill; each is drawn.
_FEW = 24
_BIN_PX, _SMOOTH_PX = 2.0, 4.0
_MOST_LABEL_PX, _NUMBER_PX = 260, 62
_ROW_PX, _HILL_PX, _NARROW_ROW_PX = 40, 28, 66
_SAMPLES_READ = 200_000


@dataclass(frozen=True)
class Spread:
    """The samples of one subject."""

    name: str
    samples: NDArray[np.float64]
    simulated: bool = False

    @property
    def ranks(self) -> dict[str, float]:
        """Return the percentiles that are marked, and the greatest sample."""
        middle, late, later = (float(value) for value in np.percentile(self.samples, (50, 95, 99)))
        return {"p50": middle, "p95": late, "p99": later, "max": float(self.samples.max())}


def spread(name: str, samples: Sequence[float], simulated: bool = False) -> Spread:
    """Return a subject's samples; of more than can be drawn, evenly chosen ones and the greatest."""
    values = np.clip(np.asarray(samples, np.float64), -1e18, 1e18)
    if len(values) > _SAMPLES_READ:
        greatest = values.max()
        values = values[:: -(-len(values) // _SAMPLES_READ)].copy()
        values[0] = greatest
    return Spread(name, values, simulated)


def draw(rows: Sequence[Spread], unit: str, label: str, width: float) -> str:
    """Return the plot, ``width`` pixels wide; it shows at most ``MOST_ROWS`` rows."""
    shown = rows[:MOST_ROWS]
    narrow = width < 600
    label_px = min(_MOST_LABEL_PX, 20 + max(width_of(marked(row.name, row.simulated)) for row in shown))
    left, right = (6.0, width - 8) if narrow else (label_px, width - 4 * _NUMBER_PX - 8)
    row_px, top = (_NARROW_ROW_PX, 34) if narrow else (_ROW_PX, 30)
    bottom = top + row_px * len(shown)
    ends = [float(end) for row in shown for end in (row.samples.min(), row.samples.max())]
    axis = over(ends, left + 8, right - 8, log=True)
    body = below(axis, top - 4, bottom, unit)
    body += _head(left, right, narrow)
    for index, row in enumerate(shown):
        body += _row(row, axis, top + index * row_px, unit, width, narrow)
    return svg(width, bottom + 42, label, body)


def _head(left: float, right: float, narrow: bool) -> list[str]:
    body = []
    for index, rank in enumerate(RANKS):
        x = left + 8 + 76 * index if narrow else right + _NUMBER_PX * (index + 1)
        mark_x = x if narrow else x - width_of(rank) - 13
        body.append(mark(_SHAPES[rank], mark_x, 11, _colour(rank), rank, rank == "max", 4))
        body.append(text(x + 10, 15, rank) if narrow else text(x, 15, rank, "end"))
    return body


def _colour(rank: str) -> str:
    return "ink" if rank == "p50" else "second"


def _row(row: Spread, axis: Axis, top: float, unit: str, width: float, narrow: bool) -> list[str]:
    left = axis.start - 8
    floor = top + (48 if narrow else _ROW_PX - 6)
    name = marked(row.name, row.simulated)
    body = [
        text(6, top + 16, fitted(name, width - 12), more='class="name"')
        if narrow
        else text(left - 6, floor - 6, fitted(name, left - 10), "end", 'class="name"'),
        span(axis.start, floor, axis.end, floor, "line", width=1),
    ]
    body.append(_hill(row, axis, floor))
    for rank, value in reversed(row.ranks.items()):
        said = f"{name}: {rank} {number(value)} {unit}, {len(row.samples)} samples"
        y = floor - (9 if rank == "p50" else 5)
        body.append(mark(_SHAPES[rank], axis.at(value), y, _colour(rank), said, rank == "max", 4.5))
    values = [number(row.ranks[rank], 3) for rank in RANKS]
    if narrow:
        body += [text(22 + 76 * index, top + 61, value) for index, value in enumerate(values)]
    else:
        right = width - 4 * _NUMBER_PX - 8
        body += [
            text(right + _NUMBER_PX * (index + 1), floor - 6, value, "end", 'class="name"')
            for index, value in enumerate(values)
        ]
    return body


def _hill(row: Spread, axis: Axis, floor: float) -> str:
    dashes = ' stroke-dasharray="3 2"' if row.simulated else ""
    if len(row.samples) < _FEW:
        dots = (
            f'<circle cx="{axis.at(float(value)):.1f}" cy="{floor - 16:.1f}" r="3" fill="var(--first)" '
            'fill-opacity=".3" stroke="var(--first)"/>'
            for value in row.samples
        )
        return "".join(dots)
    places = _pixels(row.samples, axis)
    edges = np.arange(axis.start, axis.end + _BIN_PX, _BIN_PX)
    counts = np.histogram(places, edges)[0].astype(np.float64)
    reach = int(3 * _SMOOTH_PX / _BIN_PX)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * _BIN_PX / _SMOOTH_PX) ** 2)
    heights = np.convolve(counts, kernel / kernel.sum(), mode="same")[: len(counts)]
    heights *= _HILL_PX / (heights.max() or 1.0)
    drawn = np.flatnonzero(heights > 0.15)
    line = [
        (float(edges[index] + _BIN_PX / 2), floor - float(heights[index]))
        for index in range(drawn[0], drawn[-1] + 1)
    ]
    outline = [(line[0][0], floor), *line, (line[-1][0], floor)]
    return (
        f'<polygon points="{points(outline)}" fill="var(--first)" fill-opacity=".3" stroke="var(--first)" '
        f'stroke-width="1.2"{dashes}/>'
    )


def _pixels(samples: NDArray[np.float64], axis: Axis) -> NDArray[np.float64]:
    inside = np.clip(samples, axis.low, axis.high)
    if axis.log:
        share = np.log(inside / axis.low) / np.log(axis.high / axis.low)
    else:
        share = (inside - axis.low) / (axis.high - axis.low)
    return np.asarray(axis.start + (axis.end - axis.start) * share, np.float64)
