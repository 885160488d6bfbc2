"""Driving a line at the pace of speech, and as fast as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS, Frame
from mandible.device.pipeline import Line

HOP_S = HOP_MS / 1000
# Told of each hop: when it was due and when it was done, both in s of ``time.perf_counter``, and its µs.
Told = Callable[[float, float, float], None]


def live(line: Line, hops: NDArray[np.int16], seconds: float, told: Told | None = None) -> float:
    """Give the line (n, 160) samples over and over, a hop every 10 ms; return the seconds of speech."""
    clock_s = time.perf_counter
    began_s = clock_s()
    count = max(1, round(seconds / HOP_S))
    for index, frame in zip(range(count), _frames(hops), strict=False):
        due_s = began_s + index * HOP_S
        if (early_s := due_s - clock_s()) > 0:
            time.sleep(early_s)
        from_s = clock_s()
        line.step(frame)
        done_s = clock_s()
        if told is not None:
            told(due_s, done_s, 1e6 * (done_s - from_s))
    return count * HOP_S


def flat_out(line: Line, hops: NDArray[np.int16], seconds: float) -> float:
    """Give the line samples as fast as it takes them; return the seconds of speech."""
    until_s = time.perf_counter() + seconds
    count = 0
    for frame in _frames(hops):
        line.step(frame)
        count += 1
        if time.perf_counter() >= until_s:
            break
    return count * HOP_S


def _frames(hops: NDArray[np.int16]) -> Iterator[Frame]:
    index = 0
    while True:
        for hop in hops:
            yield Frame(index, 0, hop)
            index += 1
