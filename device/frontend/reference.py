"""Fixed-point log-mel features in numpy: the readable twin of ``logmel.c``, equal to it byte for byte.

Per 10 ms hop: Hann window of the last 400 samples, block scaling to 13 bits, a 512-point real FFT
(as a 256-point complex one), power, 40 mel bands, log2, one int8 step per 1/6 octave of power
(0.50 dB), 0 = 2**20. Integers only; ``>>`` rounds towards minus infinity, as it does in C compilers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_SAMPLES, WINDOW_SAMPLES, Mel, Pcm
from mandible.device.frontend.tables import FFT_SIZE, LOG_TABLE_BITS, MEL_WEIGHT_BITS, TABLES

HISTORY_SAMPLES = WINDOW_SAMPLES - HOP_SAMPLES
BLOCK_BITS = 13
LARGEST_BLOCK_SHIFT = 12
STEPS_PER_OCTAVE = 6
ZERO_LOG2 = 20

Ints = NDArray[np.int64]


def _round_shift(values: Ints, bits: int) -> Ints:
    return (values + (1 << (bits - 1))) >> bits


def _bit_length(values: Ints) -> Ints:
    # frexp is exact below 2**53; the largest value here is a mel energy below 2**50.
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)


def windowed(frames: NDArray[np.int16]) -> tuple[Ints, Ints]:
    """(n, 400) samples -> windowed samples scaled so that the largest has 13 bits, and the left shifts."""
    samples = _round_shift(frames.astype(np.int64) * TABLES.window, 15)
    peak = np.abs(samples).max(axis=-1, keepdims=True)
    shift = np.minimum(BLOCK_BITS - _bit_length(np.maximum(peak, 1)), LARGEST_BLOCK_SHIFT)
    scaled = np.where(shift >= 0, samples << np.maximum(shift, 0), samples >> np.maximum(-shift, 0))
    return scaled, shift


def _complex_product(re: Ints, im: Ints, root_re: Ints, root_im: Ints) -> tuple[Ints, Ints]:
    """Multiply by roots of unity in Q15; the first (1) and a purely imaginary one (-i) are exact."""
    out_re = _round_shift(re * root_re - im * root_im, 15)
    out_im = _round_shift(re * root_im + im * root_re, 15)
    one, minus_i = root_re == 32768, root_im == -32768
    out_re = np.where(one, re, np.where(minus_i, im, out_re))
    out_im = np.where(one, im, np.where(minus_i, -re, out_im))
    return out_re, out_im


def spectrum(samples: Ints) -> tuple[Ints, Ints]:
    """(n, 400) scaled samples -> real and imaginary parts of bins 0..256, each (n, 257).

    Radix-2 decimation in time on 256 complex points that hold the even samples as real and the odd
    ones as imaginary parts, then the usual split into the spectrum of the 512 real samples.
    """
    count = len(samples)
    points = FFT_SIZE // 2
    padded = np.zeros((count, FFT_SIZE), np.int64)
    padded[:, :WINDOW_SAMPLES] = samples
    order = np.array([int(f"{i:08b}"[::-1], 2) for i in range(points)])
    re, im = padded[:, 0::2][:, order], padded[:, 1::2][:, order]
    half = 1
    while half < points:
        stride = points // 2 // half
        root_re, root_im = TABLES.twiddle_re[::stride], TABLES.twiddle_im[::stride]
        blocks_re, blocks_im = re.reshape(count, -1, 2, half), im.reshape(count, -1, 2, half)
        upper_re, upper_im = blocks_re[:, :, 0], blocks_im[:, :, 0]
        turned_re, turned_im = _complex_product(blocks_re[:, :, 1], blocks_im[:, :, 1], root_re, root_im)
        re = np.stack([upper_re + turned_re, upper_re - turned_re], axis=2).reshape(count, points)
        im = np.stack([upper_im + turned_im, upper_im - turned_im], axis=2).reshape(count, points)
        half *= 2
    return _split(re, im)


def _split(re: Ints, im: Ints) -> tuple[Ints, Ints]:
    points = re.shape[1]
    out_re, out_im = np.zeros((len(re), points + 1), np.int64), np.zeros((len(re), points + 1), np.int64)
    out_re[:, 0], out_re[:, points] = re[:, 0] + im[:, 0], re[:, 0] - im[:, 0]
    k = np.arange(1, points // 2 + 1)
    a, b, c, d = re[:, k], im[:, k], re[:, points - k], im[:, points - k]
    even_re, even_im, odd_re, odd_im = a + c, b - d, b + d, c - a
    turned_re, turned_im = _complex_product(odd_re, odd_im, TABLES.split_re[k], TABLES.split_im[k])
    # The mirrored bin is written first: at the middle bin both are the same and the direct one counts.
    out_re[:, points - k], out_im[:, points - k] = (even_re - turned_re) >> 1, (turned_im - even_im) >> 1
    out_re[:, k], out_im[:, k] = (even_re + turned_re) >> 1, (even_im + turned_im) >> 1
    return out_re, out_im


def log2_q16(values: Ints) -> Ints:
    """log2 of integers from 1 to 2**52, Q16: 128 table steps with linear interpolation."""
    exponent = _bit_length(values) - 1
    mantissa = np.where(
        exponent >= 23, values >> np.maximum(exponent - 23, 0), values << np.maximum(23 - exponent, 0)
    ) - (1 << 23)
    index, rest = mantissa >> (23 - LOG_TABLE_BITS), mantissa & ((1 << (23 - LOG_TABLE_BITS)) - 1)
    low, high = TABLES.log2[index], TABLES.log2[index + 1]
    fraction: Ints = low + (((high - low) * rest) >> (23 - LOG_TABLE_BITS))
    return (exponent << 16) + fraction


def features(frames: NDArray[np.int16]) -> NDArray[np.int8]:
    """(n, 400) int16 windows -> (n, 40) int8 log-mel features."""
    samples, shift = windowed(frames)
    re, im = spectrum(samples)
    power = re * re + im * im
    energy = np.empty((len(frames), len(TABLES.mel_first_bin)), np.int64)
    for band, first in enumerate(TABLES.mel_first_bin):
        weights = TABLES.mel_weight[TABLES.mel_start[band] : TABLES.mel_start[band + 1]]
        energy[:, band] = power[:, first : first + len(weights)] @ weights
    level = log2_q16(np.maximum(energy >> MEL_WEIGHT_BITS, 1)) - (shift << 17)
    steps = _round_shift((np.maximum(level, 0) - (ZERO_LOG2 << 16)) * STEPS_PER_OCTAVE, 16)
    return np.clip(steps, -128, 127).astype(np.int8)


class ReferenceLogMel:
    """Streaming form: keeps the last 240 samples, zeros before the first hop."""

    def __init__(self) -> None:
        self._history = np.zeros(HISTORY_SAMPLES, np.int16)

    def reset(self) -> None:
        """Forget all samples."""
        self._history[:] = 0

    def push(self, pcm: Pcm) -> Mel:
        """(160,) int16 samples -> (40,) int8 features of the window that ends with them."""
        window = np.concatenate([self._history, pcm])
        self._history = window[HOP_SAMPLES:]
        mel: Mel = features(window[None])[0]
        return mel


def log_mel(pcm: Pcm) -> NDArray[np.int8]:
    """(n,) int16 -> (n // 160, 40) int8, as if pushed hop by hop."""
    hops = len(pcm) // HOP_SAMPLES
    padded = np.concatenate([np.zeros(HISTORY_SAMPLES, np.int16), pcm[: hops * HOP_SAMPLES]])
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    blocks = [features(windows[i : i + 1000]) for i in range(0, hops, 1000)]
    return np.concatenate(blocks) if blocks else np.zeros((0, 40), np.int8)
