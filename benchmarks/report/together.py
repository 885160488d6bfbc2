"""Section: speed and accuracy together, of all engines, models and peers."""

from __future__ import annotations

from mandible.benchmarks.report import plot, scatter
from mandible.benchmarks.report.costs import (
    ACCURACY,
    OFFLINE,
    SCORES,
    SPEED,
    Entry,
    best_for_its_cost,
    comparable,
    entries,
)
from mandible.benchmarks.report.told import MISSING, SIMULATED, marked, plain, spoken, told
from mandible.benchmarks.result import Result
from mandible.models.page import Number

_READING = (
    "Up is better, left is cheaper. Bars are the intervals: of the cost, where another run on this machine "
    "is expected; of a score, how much it moves with the speakers that are heard. An offline peer hears the "
    "whole recording before it answers, the others while the sound goes on. The dotted line joins those than "
    "which none is both cheaper and better. Hollow marks are simulated. Cost without a score, or a score "
    "without cost, is not drawn; the table says which one was not measured."
)
_SMALL_PX, _SMALL_HEIGHT_PX = 464, 300
_THE_SAME_FOR_ALL = "lip_shapes"
_CLASSES = (
    "Accuracy and macro F1 are counted in each program's own classes, which the table names: fewer classes "
    "are easier to tell apart, so programs compare best by lip shapes, which are the same six for all."
)
_NOT_SCORED, _NOT_TIMED = "not scored", "not timed"


def section(result: Result) -> str:
    """Return the section, or nothing where neither was measured."""
    found = entries(result)
    if not found:
        return ""
    parts = [plot.note(_READING)]
    if not comparable(found, ACCURACY):
        parts.append(plot.note(_CLASSES))
    drawn = [figure for figure in SCORES if any(one.has(figure) for one in found)]
    if ACCURACY in drawn:
        parts.append(_plot(found, ACCURACY, 960, 480, 380))
        many = sum(one.has(ACCURACY) for one in found)
        parts.append(plot.more_than_drawn(many, scatter.MOST_POINTS, "engines and peers"))
    small = [_plot(found, figure, _SMALL_PX, _SMALL_HEIGHT_PX, 300) for figure in drawn if figure != ACCURACY]
    if small:
        parts.append(f'<div class="pairs">{"".join(small)}</div>')
    return plot.section("costs", "Accuracy and cost", *parts, _table(found))


def _plot(found: list[Entry], figure: str, broad_px: float, height: float, narrow_height: float) -> str:
    label = f"{spoken(figure)} against CPU seconds per second of speech, {len(found)} engines and peers"
    return plot.for_both(
        lambda width: scatter.draw(
            found, figure, label, width, height if width == broad_px else narrow_height
        ),
        broad_px,
    )


def _table(found: list[Entry]) -> str:
    scores = [
        figure for figure in SCORES if figure == ACCURACY or any(figure in one.figures for one in found)
    ]
    ranked = ACCURACY if comparable(found, ACCURACY) else _THE_SAME_FOR_ALL
    best = set(map(id, best_for_its_cost(found, ranked)))
    rows = []
    for one in sorted(found, key=lambda one: (one.kind == OFFLINE, -_score(one))):
        cells = [told(one.figures[figure]) if figure in one.figures else MISSING for figure in scores]
        if ACCURACY not in one.figures:
            cells[0] = _NOT_SCORED
        speed = told(one.figures[SPEED]) if SPEED in one.figures else _NOT_TIMED
        heard = "best for its cost" if id(one) in best else ""
        rows.append(
            [
                one.name,
                marked(one.kind, one.simulated),
                plain(one.classes),
                Number(speed),
                *map(Number, cells),
                heard,
            ]
        )
    head = ("of", "kind", "classes", "CPU s per s of speech", *(spoken(figure) for figure in scores), "")
    simulated = any(one.simulated for one in found)
    told_marks = (
        plot.note(f"Rows and figures with the word “{SIMULATED}” are no device's own.") if simulated else ""
    )
    return plot.table(head, rows, "Speed and accuracy") + told_marks


def _score(one: Entry) -> float:
    return one.figures[ACCURACY].value if ACCURACY in one.figures else -1.0
