"""Engines on trial: what a hop costs in each, and how far each is from the exact logits.

All hear the same speech, a pass in turn, so that a busy moment of the machine hits them all; the best of each
counts, since whatever else a machine does only adds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.engines.base import Engine
from mandible.device.engines.registry import create
from mandible.device.frames import HOP_NS, MEL_BANDS

Hops = NDArray[np.int8]
SPEECH = Path(__file__).with_name("speech.npz")
YARDSTICK = "reference"
NS_PER_US = 1000
NS_PER_S = 1e9


@dataclass(frozen=True, slots=True)
class Agreement:
    """How close to the exact logits.

    Attributes:
        largest_difference_lsb: of any logit, in steps of the int8 output.
        equal_argmax: share of hops whose strongest viseme is the same, 0..1.
    """

    largest_difference_lsb: int
    equal_argmax: float


@dataclass(frozen=True, slots=True)
class Trial:
    """One engine's result.

    Attributes:
        name: of the engine.
        exact: whether it promises the exact engines' bytes.
        us_per_hop: mean of its best pass, the Python call included.
        p50_us, p99_us: over the hops, each at its best.
        core_percent: of one core, live.
        speech, noise: how close it is on either.
    """

    name: str
    exact: bool
    us_per_hop: float
    p50_us: float
    p99_us: float
    core_percent: float
    speech: Agreement
    noise: Agreement


def speech_hops() -> Hops:
    """(400, 40) features of four seconds of speech."""
    with np.load(SPEECH) as stored:
        hops: Hops = stored["mel"]
    return hops


def noise_hops(count: int) -> Hops:
    """(count, 40) features of no sound at all: every number as likely as any other."""
    return np.random.default_rng(0).integers(-128, 128, (count, MEL_BANDS)).astype(np.int8)


def run(engine: Engine, hops: Hops) -> NDArray[np.int8]:
    """(n, 40) -> (n, 15), from the state before the first hop on."""
    engine.reset()
    return np.array([engine.step(hop) for hop in hops])


def agreement(logits: NDArray[np.int8], exact: NDArray[np.int8]) -> Agreement:
    """Compare two (n, 15) rows of logits."""
    apart = np.abs(logits.astype(np.int64) - exact)
    equal = np.mean(logits.argmax(1) == exact.argmax(1))
    return Agreement(int(apart.max()), round(float(equal), 4))


def try_out(
    names: Sequence[str], model: Path, speech: Hops, noise: Hops, *, passes: int, seconds: float = math.inf
) -> Iterator[Trial]:
    """Yield the trials of engines that start, in the order of their names.

    Args:
        names: of the engines.
        model: the ``.tflite`` file.
        speech: what they are timed with, (n, 40).
        noise: what only agreement is measured with.
        passes: how many times each hears the speech.
        seconds: all that timing may take; the slower an engine, the fewer its passes, but one at least.
    """
    yardstick = create(YARDSTICK, model)
    exact_speech, exact_noise = run(yardstick, speech), run(yardstick, noise)
    engines = {name: create(name, model) for name in names}
    close = {
        name: (agreement(run(engine, speech), exact_speech), agreement(run(engine, noise), exact_noise))
        for name, engine in engines.items()
    }
    for name, passes_ns in _timed(engines, speech, passes, seconds).items():
        hops_us = passes_ns.min(0) / NS_PER_US
        us_per_hop = float(passes_ns.sum(1).min()) / len(speech) / NS_PER_US
        p50_us, p99_us = (round(float(us), 2) for us in np.percentile(hops_us, [50, 99]))
        core_percent = round(100 * us_per_hop * NS_PER_US / HOP_NS, 3)
        yield Trial(
            name, engines[name].exact, round(us_per_hop, 2), p50_us, p99_us, core_percent, *close[name]
        )


def _timed(
    engines: Mapping[str, Engine], hops: Hops, passes: int, seconds: float
) -> dict[str, NDArray[np.int64]]:
    """Return (passes, hops) durations in ns of every engine."""
    share_ns = seconds * NS_PER_S / max(1, len(engines))
    rows: dict[str, list[list[int]]] = {name: [] for name in engines}
    spent_ns = dict.fromkeys(engines, 0)
    for _ in range(passes):
        for name, engine in engines.items():
            if not rows[name] or spent_ns[name] < share_ns:
                rows[name].append(pass_ns(engine, hops))
                spent_ns[name] += sum(rows[name][-1])
    return {name: np.array(durations, np.int64) for name, durations in rows.items()}


def pass_ns(engine: Engine, hops: Hops) -> list[int]:
    """Return how long each of (n, 40) hops took, in ns, from the state before the first on."""
    clock_ns, durations_ns = time.perf_counter_ns, []
    engine.reset()
    for hop in hops:
        began_ns = clock_ns()
        engine.step(hop)
        durations_ns.append(clock_ns() - began_ns)
    return durations_ns
