"""Axes: where a value lies on the paper, which values are written beside it, and the lines there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mandible.benchmarks.report.told import number
from mandible.models.drawing import text

# Beyond these, numbers are no figures of a computer; an axis must neither overflow nor divide by nothing.
_MOST, _LEAST = 1e18, 1e-12
_PX_PER_TICK, _PX_PER_TICK_UP = 64, 30
_DECADE = 10.0
_FEWEST_TICKS = 3


@dataclass(frozen=True)
class Axis:
    """An axis from ``low`` at pixel ``start`` to ``high`` at pixel ``end``."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return the pixel of a value; values off the axis lie at its ends."""
        inside = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(inside / self.low) / math.log(self.high / self.low)
        else:
            share = (inside - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * share

    def ticks(self, every_px: float = _PX_PER_TICK) -> list[float]:
        """Return the values to write, about one in so many pixels."""
        most = max(2, int(abs(self.end - self.start) / every_px))
        decades = math.log10(self.high / self.low) if self.log else 0.0
        if not self.log or decades < 0.7:
            return _even(self.low, self.high, most)
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [step * _DECADE**power for power in range(first, last + 1) for step in steps]
            found = [value for value in found if self.low <= value <= self.high]
            if len(found) <= most:
                return found
        every = math.ceil(len(found) / most)
        return found[::every]


def between_ends(values: Iterable[float], start: float, end: float) -> Axis:
    """Return an even axis without air: the least value at ``start``, the greatest at ``end``."""
    known = [min(max(value, -_MOST), _MOST) for value in values] or [0.0]
    low, high = min(known), max(known)
    return Axis(low, max(high, low + 1e-6 * max(abs(low), 1.0)), start, end)


def over(values: Iterable[float], start: float, end: float, log: bool = False, zero: bool = False) -> Axis:
    """Return an axis on which all ``values`` lie, with some air; logarithmic only where all are positive."""
    known = [min(max(value, -_MOST), _MOST) for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if log and low > 0:
        low, high = max(low, _LEAST), max(high, _LEAST)
        air = max(0.05 * math.log(high / low), 0.08)
        return Axis(low * math.exp(-air), high * math.exp(air), start, end, True)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    air = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return Axis(low if zero and low == 0 else low - air, high + air, start, end)


def _even(low: float, high: float, most: int) -> list[float]:
    raw = (high - low) / max(most, _FEWEST_TICKS)
    power = _DECADE ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step)
    found = [round(index * step, 12) for index in range(first, first + 2 * most + 4)]
    return [value for value in found if low <= value <= high * (1 + 1e-12)] or [low]


def below(axis: Axis, top: float, bottom: float, name: str, lines: bool = True) -> list[str]:
    """Return a horizontal axis under a plot that reaches from ``top`` to ``bottom``, with its name."""
    body = []
    for value in axis.ticks():
        x = axis.at(value)
        if lines:
            body.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" stroke="var(--line)"/>'
            )
        body.append(text(x, bottom + 15, number(value, 3), "middle"))
    body.append(text((axis.start + axis.end) / 2, bottom + 32, name, "middle"))
    return body


def beside(axis: Axis, left: float, right: float) -> list[str]:
    """Return a vertical axis to the left of a plot that reaches from ``left`` to ``right``."""
    body = []
    for value in axis.ticks(_PX_PER_TICK_UP):
        y = axis.at(value)
        body.append(
            f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>'
        )
        body.append(text(left - 6, y + 4, number(value, 3), "end"))
    return body


def points(pairs: Sequence[tuple[float, float]]) -> str:
    """Return the points of a line as SVG has them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)
