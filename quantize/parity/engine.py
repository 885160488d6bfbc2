"""What an engine is to the parity report: segments of features in, logits and their price out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# (n, 40) int8 features that an engine hears from its initial state on.
Hops = NDArray[np.int8]
# Called with the number of hops done since the last call.
Progress = Callable[[int], None]

EXACT, FAST, FLOAT = "exact", "fast", "float"
MICROSECONDS, INSTRUCTIONS = "us", "instructions"
# The price of a hop is that of the quickest run of so many: anything else that the machine does only adds.
TIMED_HOPS = 100


@dataclass(frozen=True)
class Options:
    """What engines may need besides the model.

    Attributes:
        folder: where an engine may build things; it is gone after the report.
        tflite_python: an interpreter of Python that has tflite-runtime; None to look in the environment.
    """

    folder: Path
    tflite_python: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What an engine made of all segments.

    Attributes:
        logits: per segment, (n, 15) int8; float32 where the engine is a float network.
        cost: price of a hop, in ``unit``; None where it cannot be told.
        unit: ``us`` or ``instructions``.
        facts: more numbers, such as ``flash_bytes``.
    """

    logits: list[NDArray[np.generic]]
    cost: float | None
    unit: str = MICROSECONDS
    facts: dict[str, float] = field(default_factory=dict)


class Engine(Protocol):
    """One way to compute a network's logits."""

    def run(self, segments: Sequence[Hops], progress: Progress) -> Outcome:
        """Run every segment from the initial state.

        Raises:
            MandibleError: it cannot, in one line.
        """
        ...


class Steps(Protocol):
    """An engine that is asked hop by hop, as those of ``mandible.device.engines`` are."""

    def step(self, mel: Hops) -> NDArray[np.generic]:
        """(40,) int8 features of one hop -> (15,) logits."""
        ...

    def reset(self) -> None:
        """Return to the state before the first hop."""
        ...


class Stepping:
    """The ``Engine`` made of something that is asked hop by hop."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def run(self, segments: Sequence[Hops], progress: Progress) -> Outcome:
        """Run every segment; the price is that of the quickest hundred hops."""
        logits, quickest_s = [], np.inf
        for hops in segments:
            self._steps.reset()
            rows: list[NDArray[np.generic]] = []
            for start in range(0, len(hops), TIMED_HOPS):
                some = hops[start : start + TIMED_HOPS]
                before_s = time.perf_counter()
                rows += [self._steps.step(hop) for hop in some]
                spent_s = time.perf_counter() - before_s
                if len(some) == TIMED_HOPS or quickest_s == np.inf:
                    quickest_s = min(quickest_s, spent_s / len(some))
                progress(len(some))
            logits.append(np.array(rows))
        return Outcome(logits, quickest_s * 1e6 if np.isfinite(quickest_s) else None)
