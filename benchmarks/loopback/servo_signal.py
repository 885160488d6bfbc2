"""Servo pulses found on a sound card's channel, whatever it did to their level, offset and polarity.

A sound card blocks direct current, so the foot of a pulse is not where the last one's was. Each edge is taken
by itself: where the signal crosses the middle between the levels right before and right after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# What a servo is given, with some room: 50 to 333 pulses a second, 0.5 to 2.5 ms.
PERIODS_MS = (2.8, 21.5)
WIDTHS_US = (350.0, 2650.0)
LEAST_PULSES = 50
# Levels before and after an edge are means over this long; a pulse is several times as long.
_LEVEL_S = 80e-6
_LONGEST_PERIOD_S = 0.025
# An edge is one that is at least this share of the usual one, which stands out of the noise so far.
_EDGE_SHARE, _OVER_NOISE = 0.5, 6.0
# Mean and median of the size of normal noise.
_SIGMAS_PER_MEDIAN = 1.4826
_PAIRED_SHARE = 0.8

Series = NDArray[np.float64]


@dataclass(frozen=True)
class PulseTrain:
    """A servo's pulses.

    Attributes:
        starts_s: (n,) when each began, from the recording's first sample.
        widths_us: (n,) how long each was.
        period_ms: from one to the next, median.
        jitter_us: how exactly an edge was found: median error of a pulse's start against an even train.
        inverted: the line is low during a pulse here.
    """

    starts_s: Series
    widths_us: Series
    period_ms: float
    jitter_us: float
    inverted: bool


def pulse_train(signal: Series, rate_hz: int) -> PulseTrain | None:
    """Return the pulses in (n,) samples; None where it shows something else, or fewer than 50."""
    at, rising = _edges(signal, max(3, round(_LEVEL_S * rate_hz)), rate_hz)
    if len(at) < 2 * LEAST_PULSES:
        return None
    found = [one for one in (_paired(at / rate_hz, rising, inverted) for inverted in (False, True)) if one]
    if not found:
        return None
    # Where pulses and the gaps between them are alike, pulses are those that begin evenly.
    return min(found, key=lambda one: (one.jitter_us, one.inverted))


def _edges(signal: Series, span: int, rate_hz: int) -> tuple[Series, NDArray[np.bool_]]:
    """Return where edges are, in samples and fractions, and which of them rise."""
    sums = np.concatenate([[0.0], np.cumsum(signal - signal.mean())])
    # step[i]: level of the samples from i + span on, less that of the span before.
    step = (sums[2 * span :] - 2 * sums[span:-span] + sums[: -2 * span]) / span
    size = np.abs(step)
    window = round(_LONGEST_PERIOD_S * rate_hz)
    windows = size[: len(size) // window * window].reshape(-1, window)
    usual = float(np.percentile(windows.max(axis=1), 75))
    noise = _SIGMAS_PER_MEDIAN * float(np.median(size))
    if usual <= _OVER_NOISE * noise:
        return np.zeros(0), np.zeros(0, bool)
    strong = size >= _EDGE_SHARE * usual
    sign = np.where(strong, np.sign(step), 0.0)
    cuts = np.flatnonzero(np.diff(sign)) + 1
    runs = [run for run in zip([0, *cuts.tolist()], [*cuts.tolist(), len(sign)], strict=True) if sign[run[0]]]
    places, rises = [], []
    for begin, end in runs:
        edge = begin + int(np.argmax(size[begin:end])) + span
        place = _crossing(signal, edge, span)
        if place is not None:
            places.append(place)
            rises.append(sign[begin] > 0)
    return np.array(places), np.array(rises, bool)


def _crossing(signal: Series, edge: int, span: int) -> float | None:
    """Return where the signal crosses the middle of its step around sample ``edge``, the first after it."""
    before, after = signal[edge - span - 1 : edge - 1], signal[edge + 1 : edge + span + 1]
    if len(before) < span or len(after) < span:
        return None
    near = signal[edge - 2 : edge + 2] - (before.mean() + after.mean()) / 2
    crossings = np.flatnonzero(near[:-1] * near[1:] <= 0)
    if not len(crossings):
        return None
    first = int(crossings[np.argmin(np.abs(crossings - 1))])
    low, high = near[first], near[first + 1]
    return float(edge - 2 + first + (low / (low - high) if low != high else 0.5))


def _paired(at_s: Series, rising: NDArray[np.bool_], inverted: bool) -> PulseTrain | None:
    leads = (rising != inverted)[:-1] & (rising[1:] == inverted)
    widths_us = np.diff(at_s) * 1e6
    pulse = leads & (widths_us >= WIDTHS_US[0]) & (widths_us <= WIDTHS_US[1])
    starts_s, widths_us = at_s[:-1][pulse], widths_us[pulse]
    if len(starts_s) < LEAST_PULSES or 2 * len(starts_s) < _PAIRED_SHARE * len(at_s):
        return None
    periods_ms = np.diff(starts_s) * 1000
    period_ms = float(np.median(periods_ms))
    if not PERIODS_MS[0] <= period_ms <= PERIODS_MS[1]:
        return None
    # The error of a start shows in the period before and in the one after it.
    jitter_us = float(np.median(np.abs(periods_ms - period_ms))) * 1000 / 2**0.5
    return PulseTrain(starts_s, widths_us, period_ms, jitter_us, inverted)
