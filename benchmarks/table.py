"""A result as tables for a terminal: subjects in rows, speed and accuracy side by side."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence

from rich.table import Table

from mandible.benchmarks.comparison_table import comparison_table
from mandible.benchmarks.figures import figure_named, figures
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.peers import standing
from mandible.benchmarks.plain_console import PlainConsole
from mandible.benchmarks.result import Result
from mandible.wording import one_line, wrapped

SIMULATED = "simulated"
# A speed is never shown without it.
BESIDE = "accuracy"
# So many figures stand in one table beside their subjects; more continue in another.
_COLUMNS = 5
READING = "± where another run here lands in 95 of 100 cases; of scores of several speakers: with others."
# What is told of a distribution beside its figure.
SPREAD = ("p95", "p99", "max")
SPREAD_HEAD = " / p95 / p99 / max"
# Where standard output is no terminal, tables keep their columns whole.
_WIDE = 160
# The words of a unit, and how names write those that are no letters.
_UNIT_WORDS = re.compile(r"[a-z]+")
_WRITTEN = {"µs": "us", "%": "percent", "°C": "c"}


def show(result: Result, console: PlainConsole) -> None:
    """Print what was measured, on what, and how far another run may be off."""
    if not console.is_terminal:
        console = PlainConsole(width=_WIDE, file=console.file)
    told = result.machine
    where = f"{result.device}: {told.get('board') or told.get('processor')}, {told.get('cores')} cores"
    console.print(
        one_line(f"{where}, {told.get('system')}, suite {result.suite}, {result.begun}"), highlight=False
    )
    if result.simulated:
        console.print(f"{SIMULATED}: not measured on such a device; not to be quoted", style="bold")
    for made in tables(result):
        console.print()
        console.print(made)
    width = console.width if console.is_terminal else sys.maxsize
    for probe, reason in result.not_measured.items():
        print(wrapped(one_line(f"{probe}: not measured: {reason}"), width, "  "), file=console.file)
    if result.measurements:
        console.print(f"\n{READING}", highlight=False)
    for line in standing.told(result):
        print(wrapped(one_line(line), width, "  "), file=console.file)
    if result.comparison is not None:
        console.print(comparison_table(result.comparison))


def tables(result: Result) -> Iterator[Table]:
    """Yield a table, or several side by side in time, for every probe."""
    for probe in dict.fromkeys(one.probe for one in result.measurements):
        kinds: dict[tuple[str, ...], list[Measurement]] = defaultdict(list)
        for one in result.of(probe):
            kinds[tuple(one.subject)].append(one)
        for number, (keys, found) in enumerate(kinds.items()):
            yield from _of_kind("" if number else probe, keys, found)


def _of_kind(title: str, keys: tuple[str, ...], found: Sequence[Measurement]) -> Iterator[Table]:
    rows: dict[tuple[str | int, ...], dict[str, Measurement]] = defaultdict(dict)
    for one in found:
        rows[tuple(one.subject.values())][one.figure] = one
    names = [name for name in figures() if any(name in row for row in rows.values())]
    others = [name for name in names if name != BESIDE]
    beside = [BESIDE] if len(others) < len(names) else []
    for first in range(0, max(1, len(others)), _COLUMNS):
        heads = beside + others[first : first + _COLUMNS]
        made = _started("" if first else title, keys, heads)
        for subject, row in rows.items():
            if any(name in row for name in heads):
                made.add_row(
                    *(one_line(str(value)) for value in subject), *(cell(row.get(name)) for name in heads)
                )
        yield made


def _started(title: str, keys: tuple[str, ...], heads: Sequence[str]) -> Table:
    made = Table(
        title=one_line(title) or None, box=None, padding=(0, 2, 0, 0), pad_edge=False, title_justify="left"
    )
    # Folded where the terminal is narrow: a number that is cut off would be another number.
    for key in keys:
        made.add_column(one_line(key), overflow="fold")
    for name in heads:
        made.add_column(_head(name), justify="right", overflow="fold")
    return made


def _head(name: str) -> str:
    figure = figure_named(name)
    unit = f" {figure.unit}" if _unit_is_news(name, figure.unit) else ""
    if not figure.distribution:
        return f"{name.replace('_', ' ')}{unit}"
    # Without a word, the first of several numbers reads as a median.
    what = "" if figure.statistic == "median" else f" {figure.statistic}"
    return f"{name.replace('_', ' ')}{unit}{what}{SPREAD_HEAD}"


def cell(one: Measurement | None) -> str:
    """Return a figure with how far another run may be off; empty where it was not measured."""
    if one is None:
        return ""
    low, high = one.expected
    reach = max(high - one.value, one.value - low)
    told = short(one.value) if reach <= 0 else f"{short(one.value)} ±{short(reach)}"
    if figure_named(one.figure).distribution:
        spread = one.summary()
        told += "".join(f" / {short(spread[name])}" for name in SPREAD)
    return f"{told} {SIMULATED}" if one.simulated else told


def short(number: float) -> str:
    """Return a number with three digits, whole ones in full."""
    return f"{number:,.0f}" if abs(number) >= 1000 or number == int(number) else f"{number:.3g}"


def _unit_is_news(name: str, unit: str) -> bool:
    """Whether the name does not hold the unit already, as ``engine_us`` and ``link_bytes_per_s`` do."""
    words = _UNIT_WORDS.findall(_WRITTEN.get(unit, unit).lower())
    return not set(words) <= set(name.split("_"))
