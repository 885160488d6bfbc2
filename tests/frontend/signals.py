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
