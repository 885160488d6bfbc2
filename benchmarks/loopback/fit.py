"""By how much one signal is behind another, how sure that is, and how well they fit at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.benchmarks.intervals import Interval

# A mouth that is further behind is no longer one that belongs to the sound.
SHIFTS_MS = np.arange(-100.0, 601.0)
DRAWS = 400
SEED = 7
_TAIL = 2.5

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """A best shift.

    Attributes:
        shift_ms: how far behind, between whole milliseconds by a parabola.
        correlation: at that shift; negative where one goes down as the other goes up.
        interval: of the shift, 95 %, segments of speech drawn anew with replacement.
        segments_ms: (k,) the best shift of each segment by itself.
        at_an_end: it is the first or the last shift that was tried, so no best one.
    """

    shift_ms: float
    correlation: float
    interval: Interval
    segments_ms: tuple[float, ...]
    at_an_end: bool


def best(wanted: Series, at_ms: Series, value: Series, segments: Sequence[tuple[float, float]]) -> Fit:
    """Return by how much ``value`` is behind ``wanted``.

    Args:
        wanted: (m,) what is asked for in the middle of each ms.
        at_ms: (n,) when each value was seen, on the same clock.
        value: (n,) what was seen then.
        segments: (start_ms, end_ms) of stretches of speech, about a second each.
    """
    sums = np.array([_sums(wanted, at_ms, value, one) for one in segments])
    shift_ms, correlation, index = _peak(sums.sum(axis=0))
    chance = np.random.default_rng(SEED)
    drawn = chance.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), DRAWS)
    sign = np.sign(correlation)
    shifts = [_peak(np.tensordot(weights, sums, 1), sign)[0] for weights in drawn]
    low, high = (float(np.percentile(shifts, rank)) for rank in (_TAIL, 100 - _TAIL))
    each = tuple(_peak(one, sign)[0] for one in sums)
    at_an_end = index in (0, len(SHIFTS_MS) - 1)
    return Fit(shift_ms, correlation, (min(low, shift_ms), max(high, shift_ms)), each, at_an_end)


def correlation(
    wanted: Series, at_ms: Series, value: Series, segments: Sequence[tuple[float, float]]
) -> float:
    """Return the size of the correlation at the best shift; arguments as of ``best``."""
    sums = sum(_sums(wanted, at_ms, value, one) for one in segments)
    return abs(_peak(np.asarray(sums))[1])


def _sums(wanted: Series, at_ms: Series, value: Series, segment: tuple[float, float]) -> Series:
    """Return (6, shifts): n, Σx, Σy, Σxy, Σx², Σy² over the values seen in a segment, for every shift."""
    # A little longer than the speech itself: what is behind it is seen after it.
    inside = (at_ms >= segment[0]) & (at_ms <= segment[1])
    times, y = at_ms[inside], value[inside]
    x = np.interp(times[None, :] - SHIFTS_MS[:, None], np.arange(len(wanted)) + 0.5, wanted)
    one = np.ones(len(SHIFTS_MS))
    return np.stack([len(y) * one, x.sum(1), y.sum() * one, x @ y, (x * x).sum(1), (y @ y) * one])


def _peak(sums: Series, sign: float = 0.0) -> tuple[float, float, int]:
    """Return best shift, correlation there, and its number; ``sign`` 0 takes either sign's best."""
    n, x, y, xy, xx, yy = sums
    size = np.sqrt(np.maximum((n * xx - x * x) * (n * yy - y * y), 0))
    r = np.divide(
        n * xy - x * y, size, out=np.zeros(len(SHIFTS_MS)), where=size > 1e-12 * np.maximum(n * yy, 1e-30)
    )
    fit = np.abs(r) if sign == 0 else sign * r
    index = int(np.argmax(fit))
    offset = 0.0
    if 0 < index < len(fit) - 1:
        before, here, after = fit[index - 1 : index + 2]
        bend = before - 2 * here + after
        offset = 0.0 if bend == 0 else float(0.5 * (before - after) / bend)
    return float(SHIFTS_MS[index]) + offset, float(r[index]), index
