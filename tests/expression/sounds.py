"""Sounds whose level, pitch and stresses are known because they are made, and the stage run over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.device.expression import Expression
from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ, Frame, Pcm

Sound = NDArray[np.float64]
LOUD = 6000.0


def tone(hz: float | Sound, seconds: float, level: float = LOUD) -> Sound:
    """A stack of harmonics that falls by 6 dB an octave; ``hz`` may change from sample to sample."""
    samples = round(seconds * SAMPLE_RATE_HZ)
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(np.asarray(hz, float), samples)) / SAMPLE_RATE_HZ
    highest = float(np.max(hz))
    harmonics = [np.sin(k * phase) / k for k in range(1, 21) if k * highest < 3800]
    return level * np.sum(harmonics, axis=0)


def glide(from_hz: float, to_hz: float, seconds: float) -> Sound:
    """An even glide in semitones."""
    course = np.geomspace(from_hz, to_hz, round(seconds * SAMPLE_RATE_HZ))
    return tone(course, seconds)


def noise(seconds: float, level: float, seed: int = 0) -> Sound:
    """White noise."""
    return np.random.default_rng(seed).normal(0, level, round(seconds * SAMPLE_RATE_HZ))


def syllables(hz: Sequence[float], level: Sequence[float], each_s: float = 0.22) -> Sound:
    """One hill of sound after the other, each with its pitch and its level."""
    samples = round(each_s * SAMPLE_RATE_HZ)
    hill = np.sin(np.linspace(0, np.pi, samples)) ** 2
    return np.concatenate(
        [tone(one_hz, each_s, one_level) * hill for one_hz, one_level in zip(hz, level, strict=True)]
    )


def pcm(sound: Sound) -> Pcm:
    """Samples as a source gives them."""
    whole: Pcm = np.clip(np.round(sound), -32768, 32767).astype(np.int16)
    return whole


@dataclass(frozen=True)
class Heard:
    """What the stage said of every hop, 0..255."""

    arousal: NDArray[np.int64]
    emphasis: NDArray[np.int64]

    @property
    def accent_hops(self) -> list[int]:
        """Hops in which the envelope begins to rise."""
        now = self.emphasis
        rises = (now[1:] > now[:-1]).astype(int)
        return (np.flatnonzero(np.diff(rises, prepend=0) == 1) + 1).tolist()


def heard(sound: Sound | Pcm, stage: Expression | None = None, quiet_hops: int | None = None) -> Heard:
    """Run the stage, a fresh one where none is given, over a sound."""
    stage = stage or Expression()
    samples = sound if sound.dtype == np.int16 else pcm(sound.astype(float))
    hops = samples[: len(samples) // HOP_SAMPLES * HOP_SAMPLES].reshape(-1, HOP_SAMPLES)
    frames = [stage.step(Frame(i, 0, hop, quiet_hops=quiet_hops)) for i, hop in enumerate(hops)]
    return Heard(np.array([f.arousal for f in frames]), np.array([f.emphasis for f in frames]))
