"""Signals that walk every path of the front end, synthesised from a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HOP = 160


def voice_like(seconds: float, seed: int = 0) -> NDArray[np.int16]:
    """Harmonics of a gliding pitch under a slow envelope, with a little noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * 16000)) / 16000
    pitch = 2 * np.pi * np.cumsum(120 + 40 * np.sin(2 * np.pi * 0.7 * time)) / 16000
    tone = sum(np.sin(k * pitch) / k for k in range(1, 30))
    envelope = np.clip(np.sin(2 * np.pi * 2.1 * time) + 0.3, 0, 1)
    return (4000 * envelope * tone + rng.normal(0, 20, len(time))).clip(-32768, 32767).astype(np.int16)


def hard_cases(hops: int, seed: int = 0) -> dict[str, NDArray[np.int16]]:
    """Name -> signal of about the given number of hops each."""
    rng = np.random.default_rng(seed)
    n = hops * HOP
    return {
        "voice": voice_like(n / 16000, seed),
        "full scale noise": rng.integers(-32768, 32768, n).astype(np.int16),
        "clipped square": np.where(rng.random(n) > 0.5, 32767, -32768).astype(np.int16),
        "silence": np.zeros(n, np.int16),
        "direct current": np.full(n, -32768, np.int16),
        "one bit noise": rng.integers(-1, 2, n).astype(np.int16),
        "bursts": (rng.integers(-32768, 32768, n) * (rng.random(n) > 0.999)).astype(np.int16),
    }


def speech_levels(speech: NDArray[np.int16], hops: int) -> NDArray[np.int16]:
    """About as many hops of ``speech`` from a whisper of one LSB to far beyond clipping, 6 dB apart."""
    gains = 2.0 ** np.arange(-12, 8)
    part = np.resize(speech, hops * HOP // len(gains))
    return np.concatenate([(part * gain).clip(-32768, 32767).astype(np.int16) for gain in gains])


def steady_levels(hops: int) -> NDArray[np.int16]:
    """A constant, a square wave and one click at every power of two and its neighbours, each for two hops."""
    n = 2 * HOP
    levels = [sign * ((1 << k) + d) for k in range(16) for d in (-1, 0, 1) for sign in (1, -1)]
    shapes = [np.ones(n), np.where(np.arange(n) % 20 < 10, 1, -1), np.eye(1, n, HOP)[0]]
    parts = [np.clip(level * shape, -32768, 32767).astype(np.int16) for level in levels for shape in shapes]
    return np.resize(np.concatenate(parts), hops * HOP)


def against_the_window(window: NDArray[np.int64], count: int, seed: int = 0) -> NDArray[np.int16]:
    """(count, 400) samples that are as flat and as large as can be once windowed, with every block scaling.

    Signs follow one wave each, so that the whole block adds up in few bins: the largest numbers in the FFT.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(len(window))
    frequency = rng.integers(0, 257, (count, 1)) / 512
    signs = np.where(np.cos(2 * np.pi * (frequency * time + rng.random((count, 1)))) >= 0, 1, -1)
    height = (2.0 ** rng.uniform(0, 15, (count, 1))).round()
    samples: NDArray[np.float64] = np.round(signs * height * 32768 / window.clip(1))
    return samples.clip(-32768, 32767).astype(np.int16)
