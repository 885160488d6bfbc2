"""Pictures of a parity report as SVG: error per layer, and how many steps engines are apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

# What stands for a layer without any error.
NO_ERROR_DB = 200.0
_INK = "style='fill:var(--ink)'"


def layer_bars(rows: Sequence[tuple[str, float]], label: str) -> str:
    """Return a bar per layer: signal to quantisation noise in dB; the shorter, the more a layer hurts."""
    left, step, wide, top = 190, 19, 470, 22
    finite = [value for _, value in rows if value < NO_ERROR_DB]
    longest = max([10.0, *finite])
    worst = min(finite, default=0.0)
    body = [f'<text x="{left}" y="13">signal to quantisation noise, dB</text>']
    for number, (name, value) in enumerate(rows):
        y = top + number * step
        length = wide * max(0.0, min(value, longest)) / longest
        colour = "--second" if value == worst else "--first"
        told = f"{value:.1f}" if value < NO_ERROR_DB else "no error"
        body.append(f'<text x="{left - 8}" y="{y + 12}" text-anchor="end" {_INK}>{escape(name[-28:])}</text>')
        body.append(
            f'<rect x="{left}" y="{y}" width="{max(1.0, length):.1f}" height="14" rx="3" '
            f'fill="var({colour})" fill-opacity=".75"><title>{escape(name)}: {told} dB</title></rect>'
        )
        body.append(f'<text x="{left + length + 6:.1f}" y="{y + 12}">{told}</text>')
    return _svg(left + wide + 70, top + step * len(rows) + 6, label, body)


def histogram(counts: Mapping[str, int], values: int, label: str) -> str:
    """Return a bar per difference in steps, 0 first, on a logarithmic scale from one logit to all."""
    left, step, high, top = 60, 54, 130, 40
    bars = [("0", values - sum(counts.values())), *((size, count) for size, count in counts.items())]
    body = [f'<text x="{left}" y="13">logits that are so many steps apart, of {values:,}</text>']
    decades = max(1.0, math.log10(max(1, values)))
    for number, (size, count) in enumerate(bars[:12]):
        x = left + number * step
        tall = high * (0.04 + 0.96 * math.log10(count) / decades) if count else 0.0
        body.append(
            f'<rect x="{x}" y="{top + high - tall:.1f}" width="40" height="{tall:.1f}" rx="3" '
            f'fill="var({"--first" if size == "0" else "--second"})" fill-opacity=".75">'
            f"<title>{count:,} logits {size} steps apart</title></rect>"
        )
        share = _share(count, values)
        body.append(
            f'<text x="{x + 20}" y="{top + high - tall - 4:.1f}" text-anchor="middle">{escape(share)}</text>'
        )
        body.append(
            f'<text x="{x + 20}" y="{top + high + 16}" text-anchor="middle" {_INK}>{escape(size)}</text>'
        )
    return _svg(left + step * min(12, len(bars)) + 20, top + high + 24, label, body)


def _share(count: int, values: int) -> str:
    if not count:
        return "none"
    return f"{count / values:.2%}" if count * 10_000 >= values else "<0.01%"


def _svg(width: float, height: float, label: str, body: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img" aria-label="{escape(label)}">'
        + "".join(body)
        + "</svg>"
    )
