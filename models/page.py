"""The shell of a report: one HTML file that needs nothing beside it, in light and dark."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from mandible.errors import InputError
from mandible.whole_file import check_place, written

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --paper: #fdfcfa; --line: #d8d4cc; --quiet: #6b7280;
  --first: #0f7b8a; --second: #c2571a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e4df; --paper: #16191d; --line: #363c44;
  --quiet: #9aa3ad; --first: #4fc3d1; --second: #f0935a; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
p.lead { color: var(--quiet); margin: 0 0 1.5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 500; } td.number, th.number { text-align: right; }
svg { max-width: 100%; height: auto; } svg text { fill: var(--quiet); font: 12px system-ui, sans-serif; }
"""


class Number(str):
    """A number as it is to be read, with its unit or interval; stands to the right in a table."""

    __slots__ = ()


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an HTML table; numbers stand to the right."""

    def cell(tag: str, value: object) -> str:
        kind = ' class="number"' if isinstance(value, int | float | Number) else ""
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        return f"<{tag}{kind}>{escape(text)}</{tag}>"

    body = "".join("<tr>" + "".join(cell("td", value) for value in row) + "</tr>" for row in rows)
    return (
        '<div class="wide"><table><tr>'
        + "".join(cell("th", name) for name in head)
        + f"</tr>{body}</table></div>"
    )


def line_chart(
    title: str, values: Sequence[float], colour: str = "first", size: tuple[int, int] = (430, 220)
) -> str:
    """Return an SVG line of one value per epoch, with its first, best and last value written beside it."""
    width, height = size
    left, right, top, bottom = 46, 12, 28, 26
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    across = max(1, len(values) - 1)

    def at(number: int, value: float) -> tuple[float, float]:
        x = left + (width - left - right) * number / across
        return x, height - bottom - (height - top - bottom) * (value - low) / span

    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*pair) for pair in enumerate(values)))
    x, y = at(len(values) - 1, values[-1])
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{escape(title)}">'
        f'<text x="{left}" y="16">{escape(title)}</text>'
        f'<line x1="{left}" y1="{height - bottom}" x2="{width - right}" y2="{height - bottom}" '
        'stroke="var(--line)"/>'
        f'<text x="{left - 6}" y="{top + 6}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{left - 6}" y="{height - bottom}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{width - right}" y="{height - 8}" text-anchor="end">epoch {len(values)}</text>'
        f'<polyline points="{points}" fill="none" stroke="var(--{colour})" stroke-width="2"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="var(--{colour})"/></svg>'
    )


def check(path: Path) -> None:
    """Make sure that a page can be written, before the work that it is to show.

    Raises:
        InputError: something is there that is no regular file, or its folder is missing or read-only.
    """
    check_place(path)
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: cannot be written: its folder is read-only; name another")


def write(path: Path, title: str, lead: str, body: str, style: str = "") -> None:
    """Write the page, never half a file.

    ``body`` is HTML and ``style`` CSS of its own; ``title`` and ``lead`` are plain text.

    Raises:
        InputError: as ``check``, or the disk refuses.
    """
    text = (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style>"
        f"<h1>{escape(title)}</h1><p class=lead>{escape(lead)}</p>{body}</html>\n"
    )
    with written(path) as partial:
        # A folder's name may hold half a character, which UTF-8 cannot.
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")
