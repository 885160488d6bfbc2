"""Section for each probe: every figure it measured in a table, and bars where subjects can be compared."""

from __future__ import annotations

from collections.abc import Sequence

from mandible.benchmarks.figures import figure_named
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.report import bars, distributions, plot
from mandible.benchmarks.report.costs import SCORES, SPEED
from mandible.benchmarks.report.style import PANEL_PX
from mandible.benchmarks.report.told import MISSING, heading, marked, plain, spoken, subjects, told
from mandible.benchmarks.result import Result
from mandible.models.page import Number

# What people call what a probe looked at; others go by their module's name.
TITLES = {
    "stages": "The line, stage by stage", "engines": "Engines", "trees": "Two trees in turns",
    "size": "Size of the models", "cores": "Microcontroller cores in a simulator",
    "one_chip": "One chip, in a simulator", "avr": "AVR firmware in a simulator", "energy": "Energy",
    "endurance": "Endurance in figures", "lateness": "From sound to pulse", "link": "Serial link",
    "loopback": "A real mouth, recorded", "peers": "Other programs",
    "jetson_state": "Jetson: clocks and rails", "jetson_contention": "Jetson: beside a busy GPU",
}  # fmt: skip
_MOST_PANELS = 18
_FEWEST_BARS = 2
# A text that lists subjects in their own right is read better than a bar.
_NO_ACCURACY = "not scored"


def sections(result: Result) -> list[tuple[str, str, str]]:
    """Return (anchor, title, HTML) for each probe in the order of the run."""
    found: dict[str, list[Measurement]] = {}
    for one in result.measurements:
        found.setdefault(one.probe, []).append(one)
    drawn = set(map(id, distributions.shown(result)))
    made = []
    for number, (probe, rows) in enumerate(found.items()):
        title = TITLES.get(probe, plain(spoken(probe)).capitalize())
        if result.simulated or any(one.simulated for one in rows):
            title = marked(title, True)
        anchor = f"probe-{number}"
        spread = {one.figure for one in rows if id(one) in drawn}
        body = _panels([one for one in rows if one.figure not in spread]) + _tables(rows, drawn)
        if not body:
            continue
        made.append((anchor, title, plot.section(anchor, title, body)))
    return made


def _panels(rows: Sequence[Measurement]) -> str:
    found: dict[str, list[Measurement]] = {}
    for one in rows:
        if one.figure != SPEED and one.figure not in SCORES:
            found.setdefault(one.figure, []).append(one)
    panels, cut = [], False
    for figure, group in found.items():
        if len(group) < _FEWEST_BARS or len({one.value for one in group}) == 1:
            continue
        names = subjects([one.subject for one in group])
        panels.append(f"<figure>{bars.draw(list(zip(names, group, strict=True)), figure, PANEL_PX)}</figure>")
        cut = cut or len(group) > bars.MOST_ROWS
    if not panels:
        return ""
    more = plot.note(f"Each panel shows at most {bars.MOST_ROWS} subjects; the table has all.") if cut else ""
    return f'<div class="panels">{"".join(panels[:_MOST_PANELS])}</div>{more}'


def _tables(rows: Sequence[Measurement], drawn: set[int]) -> str:
    """Return a table for each kind of subject: a row for each, all its figures beside each other.

    A kind of which everything stands below a plot of distributions is left out.
    """
    kinds: dict[tuple[str, ...], list[Measurement]] = {}
    for one in rows:
        kinds.setdefault(tuple(one.subject), []).append(one)
    return "".join(
        _table(keys, group) for keys, group in kinds.items() if any(id(one) not in drawn for one in group)
    )


def _table(keys: tuple[str, ...], group: Sequence[Measurement]) -> str:
    figures = sorted({one.figure: None for one in group}, key=_place)
    if SPEED in figures and SCORES[0] not in figures:
        figures.insert(1, SCORES[0])
    found: dict[tuple[str | int, ...], dict[str, Measurement]] = {}
    for one in group:
        found.setdefault(tuple(one.subject.values()), {})[one.figure] = one
    cells = []
    for values, of in found.items():
        missing = _NO_ACCURACY if SPEED in of else MISSING
        numbers = [
            Number(told(of[figure])) if figure in of else Number(missing if figure == SCORES[0] else MISSING)
            for figure in figures
        ]
        cells.append([*(plain(value) for value in values), *numbers])
    head = [*(plain(spoken(key)) for key in keys), *(heading(figure) for figure in figures)]
    return plot.table(head, cells, "Every figure")


def _place(figure: str) -> tuple[int, int]:
    """Speed first, accuracy beside it, then the rest as it was measured."""
    first = (SPEED, *SCORES)
    return (0, first.index(figure)) if figure in first else (1, 0)


def legend(result: Result) -> str:
    """Return what each figure of the result means."""
    rows = []
    for name in dict.fromkeys(one.figure for one in result.measurements):
        about = figure_named(name)
        same = "the same on every machine" if about.portable else "of this machine"
        better = {"lower": "less is better", "higher": "more is better", "neither": "describes"}[about.better]
        rows.append([spoken(name), about.unit, about.meaning, about.statistic, better, same])
    if not rows:
        return ""
    head = ("figure", "unit", "meaning", "of a round's samples", "read", "holds")
    return plot.table(head, rows, "What each figure means")
