"""Motions for twelve servos at 100 frames a second: what the host wants, before anything disturbs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import mandible
from mandible.models.visemes import VISEME_NAMES

Series = NDArray[np.float64]

CHANNELS = 12
HOP_US = 10_000
MIDDLE_US = 1500
# How far each servo travels, and what each may do: a quick jaw's speed, and a rig's default acceleration.
RANGE_US = np.array([400, 500, 300, 600, 250, 1000, 400, 400, 700, 350, 500, 450])
LOW_US = MIDDLE_US - RANGE_US // 2
HIGH_US = LOW_US + RANGE_US
SPEED_US_PER_S = 12_000
ACCEL_US_PER_S2 = 400_000

_SOUND = Path(__file__).parents[2] / "samples" / "puppet.wav"
_SECONDS = 6
_FRAMES = 100 * _SECONDS


@dataclass(frozen=True)
class Reference:
    """What twelve servos should do.

    Attributes:
        name: of the motion.
        frames_us: (n, 12) whole pulse widths; row k is wanted at ``k * HOP_US``, straight lines in between.
    """

    name: str
    frames_us: NDArray[np.int64]

    def at(self, times_us: Series) -> Series:
        """Return (len(times_us), 12) pulse widths wanted at these times; the ends go on as they are."""
        hops_us = HOP_US * np.arange(len(self.frames_us), dtype=float)
        return np.stack([np.interp(times_us, hops_us, column) for column in self.frames_us.T], axis=1)


def raw_speech() -> Reference:
    """Our line's weights of a spoken text on a wide mouth: lips close at once, faster than any servo."""
    return Reference("raw speech", _inside(LOW_US + _speech_openings() * RANGE_US))


def speech() -> Reference:
    """The same held to the servos' speed, as the host's guard does; moves still begin and end abruptly."""
    frames_us = raw_speech().frames_us
    most_us = SPEED_US_PER_S * HOP_US // 1_000_000
    for row in range(1, len(frames_us)):
        before_us = frames_us[row - 1]
        frames_us[row] = np.clip(frames_us[row], before_us - most_us, before_us + most_us)
    return Reference("speech", frames_us)


def soft_speech() -> Reference:
    """The same text, drawn soft until speed and acceleration can follow it everywhere."""
    openings = _speech_openings()
    kernel = np.hanning(17)[1:-1] / np.hanning(17).sum()
    for _ in range(2):
        padded = np.pad(openings, ((7, 7), (0, 0)), mode="edge")
        openings = np.stack([np.convolve(column, kernel, "valid") for column in padded.T], axis=1)
    return Reference("soft speech", _inside(LOW_US + openings * RANGE_US))


def waves() -> Reference:
    """Slow sines with quicker ones on top, each channel with its own phases."""
    random = np.random.default_rng(2)
    time_s = np.arange(_FRAMES)[:, None] / 100
    parts = ((0.32, 0.7), (0.11, 1.9), (0.05, 3.3))
    sum_of = sum(
        share * np.sin(2 * np.pi * (hz * time_s + random.uniform(0, 1, CHANNELS))) for share, hz in parts
    )
    return Reference("waves", _inside(MIDDLE_US + RANGE_US * sum_of))


def jumps() -> Reference:
    """Seven times a second somewhere else at once: what no servo can do."""
    places = np.random.default_rng(3).uniform(0, 1, (_FRAMES // 15, CHANNELS))
    return Reference("jumps", _inside(LOW_US + RANGE_US * np.repeat(places, 15, axis=0)))


REFERENCES: Mapping[str, Callable[[], Reference]] = {
    "waves": waves,
    "soft speech": soft_speech,
    "speech": speech,
    "raw speech": raw_speech,
    "jumps": jumps,
}


@cache
def _speech_openings() -> Series:
    """Return (n, 12) shares of the ranges."""
    poses = np.random.default_rng(1).uniform(0, 1, (len(VISEME_NAMES), CHANNELS))
    for closed in ("sil", "PP"):
        poses[VISEME_NAMES.index(closed)] = 0
    frames = mandible.bake(str(_SOUND))
    weights = np.array([frame.weights for frame, _ in zip(frames, range(_FRAMES), strict=False)])
    openings: Series = weights @ poses / 255
    return openings


def _inside(pulses_us: Series) -> NDArray[np.int64]:
    return np.clip(np.rint(pulses_us), LOW_US, HIGH_US).astype(np.int64)
