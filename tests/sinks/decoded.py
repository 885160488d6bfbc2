"""Decoded frames made by hand, and a small track that uses the edges of every format."""

from __future__ import annotations

import numpy as np

from mandible.device.frames import HOP_SAMPLES, Frame
from mandible.models.visemes import Viseme

DELAY_MS = 47.5
DURATION_S = 0.2
HEADER = {
    "source": "voice.wav",
    "conditioning": ["resampled from 48000 Hz (soxr HQ)"],
    "model": "small",
    "engine": "c",
    "lookahead_ms": 30,
}


def decoded(index: int, viseme: Viseme, openness: int = 0) -> Frame:
    """A frame as the decoder leaves it, all weight on one viseme."""
    weights = np.zeros(15, np.uint8)
    weights[viseme] = 255
    return Frame(index, 0, np.zeros(HOP_SAMPLES, np.int16), weights=weights, viseme=viseme, openness=openness)


def small_track() -> list[Frame]:
    """0.2 s with the line's flush: rest, "ma", a closure of one hop, "oo", rest."""
    spoken = ["sil"] * 5 + ["PP"] * 4 + ["aa"] * 6 + ["PP"] + ["ou"] * 5 + ["sil"] * 3
    opening = [0] * 5 + [2, 1, 0, 0] + [60, 180, 255, 255, 200, 120] + [3] + [90] * 5 + [0] * 3
    return [
        decoded(index, Viseme[name], openness)
        for index, (name, openness) in enumerate(zip(spoken, opening, strict=True))
    ]
