"""Marks of a plot: shapes that tell apart what their colour alone would not, with a word when hovered."""

from __future__ import annotations

from html import escape
from math import sqrt

_CORNERS = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
    "up": ((0, -1.2), (1.15, 0.85), (-1.15, 0.85)),
    "down": ((0, 1.2), (1.15, -0.85), (-1.15, -0.85)),
    "tick": ((-0.25, -1.8), (0.25, -1.8), (0.25, 1.8), (-0.25, 1.8)),
}


def mark(
    shape: str, x: float, y: float, colour: str, title: str, hollow: bool = False, size: float = 5
) -> str:
    """Return a mark of about ``size`` pixels to each side; hollow ones let the paper through."""
    paint = (
        f'fill="var(--{"paper" if hollow else colour})" stroke="var(--{colour if hollow else "paper"})" '
        f'stroke-width="{2 if hollow else 1}"'
    )
    said = f"<title>{escape(title)}</title>"
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" {paint}>{said}</circle>'
    if shape == "cross":
        reach = size * 1.1 / sqrt(1.2)
        return (
            f'<path d="M{x - reach:.1f} {y - reach:.1f}l{2 * reach:.1f} {2 * reach:.1f}m0 {-2 * reach:.1f}'
            f'l{-2 * reach:.1f} {2 * reach:.1f}" stroke="var(--{colour})" stroke-width="3" fill="none">'
            f"{said}</path>"
        )
    corners = " ".join(f"{x + size * dx:.1f},{y + size * dy:.1f}" for dx, dy in _CORNERS[shape])
    return f'<polygon points="{corners}" {paint}>{said}</polygon>'


def span(x1: float, y1: float, x2: float, y2: float, colour: str, title: str = "", width: float = 1.5) -> str:
    """Return a line between two points, as of an interval."""
    said = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="var(--{colour})" '
        f'stroke-width="{width:g}">{said}</line>'
    )
