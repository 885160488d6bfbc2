"""A jaw's position as a slow voltage, and what a sound card's input makes of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Of a jaw, which moves at some hertz.
STEP_MS = 5
# Corner frequencies to try. A card that measures direct current has none; most are at 1 to 20 Hz.
_CORNERS_HZ = (0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0)
_NEAR = (0.7, 0.8, 0.9, 1.1, 1.2, 1.3)
# By then even the slowest of them has forgotten.
_PADDING_S = 2.0

Series = NDArray[np.float64]


def in_steps(signal: Series, rate_hz: int) -> tuple[Series, Series]:
    """Return (n,) middle of each 5 ms in s, and (n,) the signal's mean over them."""
    step = rate_hz * STEP_MS / 1000
    edges = np.round(np.arange(int(len(signal) / step) + 1) * step).astype(np.int64)
    sums = np.concatenate([[0.0], np.cumsum(signal)])
    means = np.diff(sums[edges]) / np.diff(edges)
    return (edges[:-1] + edges[1:]) / 2 / rate_hz, means


def corners_hz(_: float) -> tuple[float, ...]:
    """Return corner frequencies to try first."""
    return _CORNERS_HZ


def corners_near_hz(corner_hz: float) -> tuple[float, ...]:
    """Return those around the best so far; none where that is no corner at all."""
    return tuple(round(corner_hz * share, 2) for share in _NEAR) if corner_hz else ()


def high_passed(track: Series, corner_hz: float) -> Series:
    """Return values of every ms as they come out of a capacitor: a first-order high-pass, as cards have."""
    if corner_hz == 0:
        return track
    padded = np.concatenate([np.full(round(_PADDING_S * 1000), track[0]), track])
    spectrum = np.fft.rfft(padded - padded[0], 2 * len(padded))
    hz = np.fft.rfftfreq(2 * len(padded), 0.001)
    passed = np.fft.irfft(spectrum * (1j * hz / (1j * hz + corner_hz)), 2 * len(padded))
    return np.asarray(passed[round(_PADDING_S * 1000) : len(padded)])
