"""Stacked plots over one time axis: a row for each quantity, stretches shaded, moments marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from mandible.benchmarks.report.axis import Axis, below, beside, between_ends, over, points
from mandible.benchmarks.report.told import fitted, number, width_of
from mandible.models.drawing import svg, text

Values = Sequence[float | None]
_LEFT, _RIGHT, _HEAD_PX, _STAIR_PX = 52, 10, 22, 20
_DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 2", "10 4")
_PX_PER_POINT = 1.0


@dataclass(frozen=True)
class Line:
    """A quantity over time: name, its values (None where unknown), colour, how it is drawn.

    Attributes:
        dash: number of the pattern, so that lines differ without their colours.
        steps: it stays where it is until the next value, as a servo's pulse.
        filled: down to the axis.
    """

    name: str
    time: Values
    values: Values
    colour: str = "first"
    dash: int = 0
    steps: bool = False
    filled: bool = False


@dataclass(frozen=True)
class Block:
    """Something that lasts, with a word on it: a phone, or a throttled stretch."""

    start: float
    end: float
    word: str
    colour: str = "second"


@dataclass(frozen=True)
class Row:
    """One plot of the stack: lines on a common axis, or blocks where it has no lines.

    Blocks stand beside each other, or as ``stairs`` each on a line of its own with its words next to it.
    """

    name: str
    unit: str
    lines: Sequence[Line] = ()
    blocks: Sequence[Block] = ()
    height: float = 96
    shaded: Sequence[Block] = ()
    zero: bool = False
    stairs: bool = False

    @property
    def whole_height(self) -> float:
        """Its height in pixels; blocks as stairs take a line each."""
        return _STAIR_PX * len(self.blocks) + 10 if self.stairs else self.height


@dataclass(frozen=True)
class Moment:
    """An instant that is marked through all rows."""

    time: float
    word: str


def draw(
    rows: Sequence[Row],
    time_name: str,
    label: str,
    width: float,
    moments: Sequence[Moment] = (),
) -> str:
    """Return the stack, ``width`` pixels wide."""
    times = [value for row in rows for line in row.lines for value in line.time if value is not None]
    times = times or [end for row in rows for block in row.blocks for end in (block.start, block.end)]
    axis = between_ends(times, _LEFT, width - _RIGHT)
    top = 18.0 if moments else 0.0
    bottom = top + sum(_HEAD_PX + row.whole_height for row in rows)
    body = _moments(moments, axis, top, bottom, width)
    y = top
    for index, row in enumerate(rows):
        body += _row(row, axis, y, width, index == 0)
        y += _HEAD_PX + row.whole_height
    body += below(axis, top + _HEAD_PX, bottom, time_name, lines=False)
    return svg(width, y + 42, label, body)


def _moments(moments: Sequence[Moment], axis: Axis, top: float, bottom: float, width: float) -> list[str]:
    body = []
    for index, moment in enumerate(moments):
        x = axis.at(moment.time)
        body.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" stroke="var(--ink)" '
            f'stroke-dasharray="4 3"><title>{escape(moment.word)}: {number(moment.time)}</title></line>'
        )
        # The first one's word ends at its line and the others' begin there, so that close ones keep apart.
        wide = width_of(moment.word)
        start = x - wide if index == 0 and len(moments) > 1 else x
        body.append(text(min(max(start, 2), width - wide - 2), 12, moment.word, more='class="name"'))
    return body


def _row(row: Row, axis: Axis, y: float, width: float, first: bool) -> list[str]:
    top, bottom = y + _HEAD_PX, y + _HEAD_PX + row.whole_height - 10
    body = _head(row, y, width)
    for block in row.shaded:
        left, right = axis.at(block.start), axis.at(block.end)
        body.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 1.5):.1f}" '
            f'height="{bottom - top:.1f}" fill="var(--{block.colour})" fill-opacity=".22">'
            f"<title>{escape(block.word)}: {number(block.start)} to {number(block.end)}</title></rect>"
        )
        if first and right - left > width_of(block.word) + 4:
            body.append(text((left + right) / 2, bottom - 6, block.word, "middle", 'class="name"'))
    if row.stairs:
        return body + _stairs(row.blocks, axis, top, width)
    if not row.lines:
        return body + _blocks(row.blocks, axis, top, bottom)
    known = [value for line in row.lines for value in line.values if value is not None]
    vertical = over(known, bottom, top, zero=row.zero)
    body += beside(vertical, _LEFT, width - _RIGHT)
    for line in row.lines:
        body.append(_line(line, axis, vertical, bottom))
    return body


def _head(row: Row, y: float, width: float) -> list[str]:
    name = f"{row.name}, {row.unit}" if row.unit else row.name
    body, x = [text(4, y + 15, fitted(name, width - 8), more='class="head"')], 4 + 1.15 * width_of(name) + 14
    if len(row.lines) < 2:
        return body
    for line in row.lines:
        wide = 30 + width_of(line.name)
        if x + wide > width:
            break
        body.append(
            f'<line x1="{x:.1f}" x2="{x + 22:.1f}" y1="{y + 11:.1f}" y2="{y + 11:.1f}" '
            f'stroke="var(--{line.colour})" stroke-width="2" stroke-dasharray="{_dash(line)}"/>'
        )
        body.append(text(x + 26, y + 15, line.name))
        x += wide + 12
    return body


def _dash(line: Line) -> str:
    return _DASHES[line.dash % len(_DASHES)]


def _blocks(blocks: Sequence[Block], axis: Axis, top: float, bottom: float) -> list[str]:
    body = []
    for block in blocks:
        left, right = axis.at(block.start), axis.at(block.end)
        body.append(_box(block, left, right, top, bottom))
        if right - left >= width_of(block.word) + 4:
            body.append(
                text((left + right) / 2, (top + bottom) / 2 + 4, block.word, "middle", 'class="name"')
            )
    return body


def _stairs(blocks: Sequence[Block], axis: Axis, top: float, width: float) -> list[str]:
    body = []
    for index, block in enumerate(blocks):
        left, right = axis.at(block.start), axis.at(block.end)
        y = top + index * _STAIR_PX
        body.append(_box(block, left, right, y + 2, y + _STAIR_PX - 3, ".75"))
        before = right + width_of(block.word) + 10 > width
        words = fitted(block.word, max(left - 8, width - right - 8))
        place = (left - 6, "end") if before and left > width - right else (right + 6, "start")
        body.append(text(place[0], y + _STAIR_PX - 6, words, place[1], 'class="name"'))
    return body


def _box(block: Block, left: float, right: float, top: float, bottom: float, strength: str = ".2") -> str:
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(right - left - 1, 1.5):.1f}" '
        f'height="{bottom - top:.1f}" rx="2" fill="var(--{block.colour})" fill-opacity="{strength}" '
        f'stroke="var(--{block.colour})" stroke-width="1"><title>{escape(block.word)}: '
        f"{number(block.start)} to {number(block.end)}</title></rect>"
    )


def _line(line: Line, axis: Axis, vertical: Axis, bottom: float) -> str:
    body = []
    for run in _runs(line):
        drawn = [(axis.at(time), vertical.at(value)) for time, value in run]
        if line.steps:
            drawn = [
                corner
                for index, (x, y) in enumerate(drawn)
                for corner in (((x, drawn[index - 1][1]), (x, y)) if index else ((x, y),))
            ]
        drawn = _thinned(drawn)
        if line.filled:
            hill = [(drawn[0][0], bottom), *drawn, (drawn[-1][0], bottom)]
            body.append(f'<polygon points="{points(hill)}" fill="var(--{line.colour})" fill-opacity=".25"/>')
        if len(drawn) == 1:
            body.append(
                f'<circle cx="{drawn[0][0]:.1f}" cy="{drawn[0][1]:.1f}" r="2" fill="var(--{line.colour})"/>'
            )
            continue
        body.append(
            f'<polyline points="{points(drawn)}" fill="none" stroke="var(--{line.colour})" '
            f'stroke-width="1.8" stroke-linejoin="round" stroke-dasharray="{_dash(line)}">'
            f"<title>{escape(line.name)}</title></polyline>"
        )
    return "".join(body)


def _runs(line: Line) -> list[list[tuple[float, float]]]:
    """Return the stretches where time and value are known."""
    runs: list[list[tuple[float, float]]] = [[]]
    for time, value in zip(line.time, line.values, strict=True):
        if time is None or value is None:
            runs.append([])
        else:
            runs[-1].append((time, value))
    return [run for run in runs if run][:2000]


def _thinned(drawn: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return as many points as can be told apart: in each pixel the first, the highest, lowest and last."""
    if len(drawn) < 1200:
        return drawn
    places = np.asarray(drawn)
    columns = np.floor(places[:, 0] / _PX_PER_POINT)
    kept: list[int] = []
    starts = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
    for start, end in zip(starts, [*starts[1:], len(drawn)], strict=True):
        part = places[start:end, 1]
        first = int(start)
        kept += sorted({first, first + int(part.argmin()), first + int(part.argmax()), int(end) - 1})
    return [drawn[index] for index in kept]
