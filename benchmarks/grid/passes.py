"""A pass of a line over hops, as ``bake`` drives it, and what that took."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import Frame
from mandible.device.pipeline import Line, flushed
from mandible.models.evaluation.tracks import State

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Cost:
    """What a pass took.

    Attributes:
        cpu_s: CPU time of this process, all its threads.
        wall_s: by the clock.
        minor_faults: pages that had to be mapped.
        major_faults: pages that had to be read from disk.
    """

    cpu_s: float
    wall_s: float
    minor_faults: int
    major_faults: int


def heard(line: Line, hops: Samples) -> list[State]:
    """Return what a line shows for (n, 160) samples from the first hop on, up to the last sample's frame."""
    line.reset()
    frames = map(line.step, flushed(_frames(hops), line.delay_ms))
    return [(frame.viseme, frame.openness) for frame in frames]  # type: ignore[misc]  # both are there by now


def cost(line: Line, hops: Samples) -> Cost:
    """Return what it takes to hear (n, 160) samples: they lie in memory, and visemes come out."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    heard(line, hops)
    cpu_s, wall_s = time.process_time() - began_cpu_s, time.perf_counter() - began_s
    after = resource.getrusage(resource.RUSAGE_SELF)
    return Cost(cpu_s, wall_s, after.ru_minflt - before.ru_minflt, after.ru_majflt - before.ru_majflt)


def digest(states: list[State]) -> str:
    """Return what is the same for the same visemes and openings only."""
    told = ";".join(f"{int(viseme)} {openness!r}" for viseme, openness in states)
    return sha256(told.encode()).hexdigest()


def _frames(hops: Samples) -> Iterator[Frame]:
    for index, hop in enumerate(hops):
        yield Frame(index, 0, hop)
