"""Accuracy against cost: a point for each engine and peer, its intervals as bars, its name beside it."""

from __future__ import annotations

from collections.abc import Sequence

from mandible.benchmarks.report.axis import Axis, below, beside, over, points
from mandible.benchmarks.report.costs import LIVE, OFFLINE, OURS, SPEED, Entry, best_for_its_cost, comparable
from mandible.benchmarks.report.labels import Box, leader, placed
from mandible.benchmarks.report.marks import mark, span
from mandible.benchmarks.report.told import SIMULATED, fitted, number, spoken
from mandible.models.drawing import svg, text

KINDS = {OURS: ("circle", "first"), LIVE: ("square", "second"), OFFLINE: ("diamond", "third")}
MOST_POINTS, MOST_LABELS = 200, 60
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 44, 44
_LONGEST_LABEL_PX = 190
_MARK_PX = 5.5


def draw(found: Sequence[Entry], figure: str, label: str, width: float, height: float) -> str:
    """Return the plot of those whose speed and ``figure`` are both known; at most ``MOST_POINTS``."""
    every = [one for one in found if one.has(figure)]
    front = best_for_its_cost(every, figure)
    ranked = sorted(every, key=lambda one: (one not in front, one.kind == OURS, -one.figures[figure].value))
    shown = ranked[:MOST_POINTS]
    ends = [one.figures[SPEED].expected for one in shown], [one.figures[figure].expected for one in shown]
    x_axis = over(
        [*(e for pair in ends[0] for e in pair if e > 0), *(one.figures[SPEED].value for one in shown)],
        _LEFT, width - _RIGHT, log=True,
    )  # fmt: skip
    y_axis = over(
        [*(e for pair in ends[1] for e in pair), *(one.figures[figure].value for one in shown)],
        height - _BOTTOM, _TOP,
    )  # fmt: skip
    body = [
        *below(
            x_axis,
            _TOP,
            height - _BOTTOM,
            _cost(width),
        ),
        *beside(y_axis, _LEFT, width - _RIGHT),
        *_legend({one.kind for one in shown}, spoken(figure), width),
    ]
    if len(front) > 2 and comparable(every, figure):
        body.append(_front(front, figure, x_axis, y_axis))
    at = {
        id(one): (x_axis.at(one.figures[SPEED].value), y_axis.at(one.figures[figure].value)) for one in shown
    }
    bars: list[Box] = []
    for one in shown:
        drawn, boxes = _bars(one, figure, at[id(one)], x_axis, y_axis)
        body += drawn
        bars += boxes
    marks = [(x - _MARK_PX, y - _MARK_PX, x + _MARK_PX, y + _MARK_PX) for x, y in at.values()]
    wanted = [(*at[id(one)], fitted(_label(one), _LONGEST_LABEL_PX)) for one in shown[:MOST_LABELS]]
    frame = (_LEFT, _TOP - 8.0, width - 2, height - _BOTTOM)
    labels = placed(wanted, frame, marks, bars, 52 if width > 600 else 24)
    body += [span(*leader(one), "quiet", width=0.8) for one in labels if one.led]
    for one in reversed(shown):
        shape, colour = KINDS[one.kind]
        body.append(mark(shape, *at[id(one)], colour, _said(one, figure), one.simulated))
    body += [text(*one.base, one.words, more='class="name"') for one in labels]
    return svg(width, height, label, body)


def _cost(width: float) -> str:
    return "CPU seconds per second of speech (less is better)" if width > 400 else "CPU s per s of speech"


def _label(one: Entry) -> str:
    return f"{one.name} ({SIMULATED})" if one.simulated else one.name


def _said(one: Entry, figure: str) -> str:
    return (
        f"{_label(one)}, {one.kind}: {number(one.figures[SPEED].value)} s/s, "
        f"{spoken(figure)} {number(one.figures[figure].value)}"
    )


def _legend(kinds: set[str], name: str, width: float) -> list[str]:
    body, x = [text(4, 14, name, more='class="head"')], 4 + 8.2 * len(name) + 18
    y = 10.0
    for kind, (shape, colour) in KINDS.items():
        if kind in kinds:
            if x + 12 + 6.6 * len(kind) > width:
                x, y = 12.0, 26.0
            body.append(mark(shape, x, y, colour, kind, size=4.5))
            body.append(text(x + 9, y + 4, kind))
            x += 24 + 6.6 * len(kind)
    return body


def _front(front: Sequence[Entry], figure: str, x_axis: Axis, y_axis: Axis) -> str:
    corners: list[tuple[float, float]] = []
    for one in front:
        x, y = x_axis.at(one.figures[SPEED].value), y_axis.at(one.figures[figure].value)
        if corners:
            corners.append((x, corners[-1][1]))
        corners.append((x, y))
    return (
        f'<polyline points="{points(corners)}" fill="none" stroke="var(--quiet)" stroke-width="1" '
        'stroke-dasharray="2 4"><title>none is both cheaper and better than those on this line</title>'
        "</polyline>"
    )


def _bars(
    one: Entry, figure: str, at: tuple[float, float], x_axis: Axis, y_axis: Axis
) -> tuple[list[str], list[Box]]:
    x, y = at
    colour = KINDS[one.kind][1]
    left, right = (x_axis.at(end) for end in one.figures[SPEED].expected)
    bottom, top = (y_axis.at(end) for end in one.figures[figure].expected)
    said = f"{_label(one)}: where another run is expected"
    drawn = []
    if right > left:
        drawn.append(span(left, y, right, y, colour, said))
    if bottom > top:
        drawn.append(span(x, top, x, bottom, colour, said))
    return drawn, [(left, y - 1, right, y + 1), (x - 1, top, x + 1, bottom)]
