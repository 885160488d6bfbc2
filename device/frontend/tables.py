"""The constants of the fixed-point front end, from their formulas.

Both the numpy twin and the C kernel use these integers; ``python -m mandible.device.frontend.generate``
writes them to ``logmel_tables.h``. No entry lies so close to a rounding tie that another machine's
mathematics library could round it the other way (a test checks the distance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import MEL_BANDS, SAMPLE_RATE_HZ, WINDOW_SAMPLES

FFT_SIZE = 512
MEL_LOW_HZ = 60.0
MEL_HIGH_HZ = 7600.0
MEL_WEIGHT_BITS = 10
LOG_TABLE_BITS = 7

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tables:
    """Integer tables of the front end.

    Attributes:
        window: (400,) periodic Hann window, Q15, at most 32767.
        twiddle_re, twiddle_im: (128,) exp(-2 pi i k / 256), Q15; entry 0 is never multiplied with.
        split_re, split_im: (129,) exp(-2 pi i k / 512), Q15; entry 0 is never multiplied with.
        mel_weight: triangles of all bands one after the other, Q10.
        mel_first_bin, mel_start: (40,) and (41,) first FFT bin of a band, and where its weights begin.
        log2: (129,) log2(1 + i/128), Q16.
    """

    window: Ints
    twiddle_re: Ints
    twiddle_im: Ints
    split_re: Ints
    split_im: Ints
    mel_weight: Ints
    mel_first_bin: Ints
    mel_start: Ints
    log2: Ints


def hann() -> Floats:
    """Periodic Hann window times 32768 (the one entry of 32768 is stored as 32767)."""
    n = np.arange(WINDOW_SAMPLES)
    return 16384.0 - 16384.0 * np.cos(2 * np.pi * n / WINDOW_SAMPLES)


def roots(count: int, size: int) -> tuple[Floats, Floats]:
    """Real and imaginary part of exp(-2 pi i k / size) for k < count, times 32768."""
    angle = 2 * np.pi * np.arange(count) / size
    return 32768.0 * np.cos(angle), -32768.0 * np.sin(angle)


def log2_curve() -> Floats:
    """log2 of the mantissa 1..2 in 128 steps, times 65536."""
    steps = 1 << LOG_TABLE_BITS
    return 65536.0 * np.log2(1.0 + np.arange(steps + 1) / steps)


def mel_points_bin() -> Floats:
    """(42,) edges and centres in FFT bins, evenly spaced on the mel scale 2595 log10(1 + f/700)."""

    def to_mel(hz: float) -> float:
        return float(2595.0 * np.log10(1.0 + hz / 700.0))

    points_mel = np.linspace(to_mel(MEL_LOW_HZ), to_mel(MEL_HIGH_HZ), MEL_BANDS + 2)
    points_bin: Floats = 700.0 * (10.0 ** (points_mel / 2595.0) - 1.0) * FFT_SIZE / SAMPLE_RATE_HZ
    return points_bin


def mel_triangles() -> Floats:
    """(40, 257) triangular filters, from one centre to the next but one, times 1024."""
    points_bin = mel_points_bin()
    left, centre, right = points_bin[:-2, None], points_bin[1:-1, None], points_bin[2:, None]
    bins = np.arange(FFT_SIZE // 2 + 1)[None, :]
    rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
    return (1 << MEL_WEIGHT_BITS) * np.maximum(0.0, np.minimum(rising, falling))


def _rounded(values: Floats) -> Ints:
    return np.round(values).astype(np.int64)


def build() -> Tables:
    """Return the integer tables."""
    triangles = _rounded(mel_triangles())
    weights, first, start = [], [], [0]
    for band in triangles:
        bins = np.nonzero(band)[0]
        first.append(bins[0])
        weights.append(band[bins[0] : bins[-1] + 1])
        start.append(start[-1] + len(weights[-1]))
    twiddle_re, twiddle_im = roots(128, 256)
    split_re, split_im = roots(129, 512)
    return Tables(
        window=np.minimum(_rounded(hann()), 32767),
        twiddle_re=_rounded(twiddle_re),
        twiddle_im=_rounded(twiddle_im),
        split_re=_rounded(split_re),
        split_im=_rounded(split_im),
        mel_weight=np.concatenate(weights),
        mel_first_bin=np.array(first, np.int64),
        mel_start=np.array(start, np.int64),
        log2=_rounded(log2_curve()),
    )


TABLES = build()
