"""What every plot has around it: two drawings for two widths of screen, a heading, and its table below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from mandible.benchmarks.report.style import BROAD_PX, NARROW_PX
from mandible.models import page as shell

# Longer tables are folded away on screen; a table of a hostile file ends somewhere.
_OPEN_ROWS, MOST_ROWS = 16, 2000


def for_both(draw: Callable[[float], str], broad_px: float = BROAD_PX) -> str:
    """Return a plot drawn for wide screens and again for a phone's; a page shows one of them."""
    broad, narrow = draw(broad_px), draw(NARROW_PX)
    return f'<figure><div class="broad">{broad}</div><div class="narrow">{narrow}</div></figure>'


def section(name: str, title: str, *parts: str) -> str:
    """Return a section of the page."""
    return f'<section id="{escape(name)}"><h2>{escape(title)}</h2>{"".join(parts)}</section>'


def note(words: str) -> str:
    """Return a quiet paragraph."""
    return f'<p class="note">{escape(words)}</p>'


def heading(words: str) -> str:
    """Return a heading within a section."""
    return f"<h3>{escape(words)}</h3>"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], about: str = "Table") -> str:
    """Return a table; a long one folded, an endless one cut, which it says."""
    every = list(rows)
    numeric = [bool(every) and all(isinstance(row[at], int | float | shell.Number) for row in every)
               for at in range(len(head))]  # fmt: skip
    named = [shell.Number(name) if right else name for name, right in zip(head, numeric, strict=True)]
    made = shell.table(named, every[:MOST_ROWS])
    if len(every) > MOST_ROWS:
        made += note(f"{len(every) - MOST_ROWS} more rows are in the result file.")
    if len(every) <= _OPEN_ROWS:
        return made
    return f"<details><summary>{escape(about)}: {len(every)} rows</summary>{made}</details>"


def more_than_drawn(every: int, most: int, what: str) -> str:
    """Say that only the first ``most`` were drawn, where there are more."""
    return note(f"The plot shows {most} of {every} {what}; the table has all.") if every > most else ""
