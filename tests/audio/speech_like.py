"""Sound with the level pattern of speech: syllables and pauses of a buzzing voice, at any level."""

from __future__ import annotations

import numpy as np

from mandible.device.audio.high_pass import Samples
from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ, Pcm

# How much louder the middle of a syllable is than the mean of all its loud hops.
MIDDLE_DB = 2.9


def speech_like(seconds: int, level_db: float, noise_db: float = -75.0, seed: int = 5) -> Samples:
    """Sentences of 3 s of four syllables a second, then 1 s of pause; (n,) in int16's scale.

    ``level_db`` is the mean over the loud hops, in dB of full scale; ``noise_db`` that of the white noise.
    """
    time_s = np.arange(seconds * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 120 * harmonic * time_s) / harmonic for harmonic in range(1, 20))
    syllables = np.clip(1.3 * np.sin(2 * np.pi * 4 * time_s), 0, 1) * (time_s % 4 < 3)
    voice = buzz / np.sqrt(np.mean(buzz**2)) * syllables * 10 ** ((level_db + MIDDLE_DB) / 20)
    noise = np.random.default_rng(seed).standard_normal(len(time_s)) * 10 ** (noise_db / 20)
    return np.asarray((voice + noise) * 32768)


def hops(signal: Samples) -> list[Pcm]:
    """The signal as a microphone gives it."""
    pcm = np.clip(np.rint(signal), -32768, 32767).astype(np.int16)
    return list(pcm.reshape(-1, HOP_SAMPLES))
