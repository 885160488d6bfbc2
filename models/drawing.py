"""The frame of a drawing and its text, as SVG that takes its colours from the page around it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def svg(width: float, height: float, label: str, body: Sequence[str]) -> str:
    """Return a drawing of so many pixels; ``label`` tells what it shows to readers who cannot see it."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img" aria-label="{escape(label)}">'
        + "".join(body)
        + "</svg>"
    )


def text(x: float, y: float, words: str, anchor: str = "start", more: str = "") -> str:
    """Return words whose baseline starts, ends or has its middle at a point; ``more`` are attributes."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'
