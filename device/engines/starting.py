"""What an engine costs before it hears anything: each is started in a process of its own.

That process also finds out whether it starts at all. A package built for another processor ends its program
without a word, and only that one.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from mandible.device.engines.registry import create
from mandible.device.frames import MEL_BANDS, Logits, Mel
from mandible.errors import DeviceError, MandibleError
from mandible.own_python import own_python
from mandible.wording import shortened

# TensorRT builds its engine at the first start.
LONGEST_START_S = 1800
LONGEST_REASON = 300
STATUS = Path("/proc/self/status")
# Resident memory as it is, and at its highest; of this program alone, unlike the rusage it inherits.
RESIDENT, HIGHEST = "VmRSS", "VmHWM"

E = TypeVar("E", bound="Stepping")


class Stepping(Protocol):
    """What answers a hop's features with logits."""

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features -> (15,) int8 logits."""
        ...


@dataclass(frozen=True, slots=True)
class Start:
    """The price of a start.

    Attributes:
        start_ms: from the engine's name to its first logits, packages loaded on the way.
        memory_mb: resident memory of a process that runs this engine and nothing else of the line; None
            where the system does not tell.
    """

    start_ms: float
    memory_mb: float | None


def start(name: str, model: Path) -> Start:
    """Start an engine in a process of its own, and end it again.

    Raises:
        DeviceError: it does not start; one line.
    """
    try:
        done = subprocess.run(
            own_python(__name__, name, str(model)),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_START_S,
        )
    except subprocess.TimeoutExpired:
        raise DeviceError(f"engine {name}: it does not start within {LONGEST_START_S} s") from None
    if done.returncode < 0:
        ended_by = signal.Signals(-done.returncode).name
        raise DeviceError(f"engine {name}: it crashes ({ended_by}): its package is not for this machine")
    try:
        return Start(**json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, TypeError, ValueError):
        said = done.stderr.strip().splitlines() or ["it does not start and does not say why"]
        raise DeviceError(shortened(said[-1], LONGEST_REASON)) from None


def main() -> None:
    """Start the engine named on the command line; print what it cost."""
    name, model = sys.argv[1:]
    try:
        _, start_ms = first_logits_ms(lambda: create(name, Path(model)))
    except MandibleError as error:
        sys.exit(str(error))
    print(json.dumps(asdict(Start(round(start_ms, 1), memory_mb(RESIDENT)))))


def first_logits_ms(make: Callable[[], E]) -> tuple[E, float]:
    """Make an engine and let it hear one hop; return it, and how long that took."""
    began_ns = time.perf_counter_ns()
    engine = make()
    engine.step(np.zeros(MEL_BANDS, np.int8))
    return engine, (time.perf_counter_ns() - began_ns) / 1e6


def memory_mb(which: str) -> float | None:
    """Return this process's memory, ``RESIDENT`` or ``HIGHEST``; None where the system does not tell."""
    try:
        lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{which}:"))
        return round(int(kilobytes) / 1024, 1)
    except (OSError, StopIteration, ValueError):
        return None


if __name__ == "__main__":
    main()
