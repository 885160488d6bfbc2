"""Sound to send over Wyoming, and how to wait for it on the other side."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from mandible.device.frames import Frame, Pcm

PCM = np.random.default_rng(2).integers(-20_000, 20_000, 1600 * 3).astype(np.int16)
PCM[PCM == 0] = 1
FORM = {"rate": 16_000, "width": 2, "channels": 1}


def loud(frames: Iterator[Frame], hops: int, limit_s: float = 10.0) -> Pcm:
    """Return the sound of the next ``hops`` hops that are not silent."""
    heard: list[Pcm] = []
    end_s = time.monotonic() + limit_s
    while len(heard) < hops:
        assert time.monotonic() < end_s, "no sound came"
        frame = next(frames)
        if frame.pcm.any():
            heard.append(frame.pcm)
    return np.concatenate(heard)
