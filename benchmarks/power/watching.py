"""Looking at the computer's telemetry once a second while something else goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mandible.benchmarks.power.held_back import HeldBack
from mandible.device.telemetry import Reading, Telemetry

_LONGEST_WAIT_S = 5.0


@dataclass(frozen=True)
class Look:
    """One look: when (s of ``time.perf_counter``), what telemetry said, and what holds the computer back."""

    at_s: float
    reading: Reading
    held_back: tuple[str, ...]


@dataclass
class Watched:
    """All looks; ``tells_held_back``: whether anything here would say that the computer is held back."""

    looks: list[Look]
    tells_held_back: bool = False


@contextmanager
def watching(root: Path, interval_s: float, busy: bool) -> Iterator[Watched]:
    """Look every ``interval_s`` until the context is left, from a thread of its own."""
    # A folder that stands for a board has none of this computer's programs.
    telemetry = Telemetry(root, None if root == Path("/") else "")
    held_back, watched, done = HeldBack(root, busy), Watched([]), threading.Event()

    def watch() -> None:
        due_s = time.perf_counter()
        while not done.wait(max(0.0, due_s - time.perf_counter())):
            due_s += interval_s
            reading = telemetry.read()
            watched.looks.append(Look(time.perf_counter(), reading, held_back.now(reading)))

    watcher = threading.Thread(target=watch, name="endurance", daemon=True)
    watcher.start()
    try:
        yield watched
    finally:
        done.set()
        watcher.join(_LONGEST_WAIT_S)
        watched.tells_held_back = held_back.known
        telemetry.close()
