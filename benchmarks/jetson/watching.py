"""Looking at a board again and again while something is done on it, or nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mandible.benchmarks.jetson.tools import search_path
from mandible.device.telemetry import Reading, Telemetry

# The work takes as long as it was told to; what is far behind then is left to end by itself.
_ENDING_S = 30.0


@contextmanager
def telemetry_of(root: Path) -> Iterator[Telemetry]:
    """Have the board's telemetry, its programs from its own folder, and let go of it."""
    found = Telemetry(root, search_path(root))
    try:
        yield found
    finally:
        found.close()


def watched(
    telemetry: Telemetry, seconds: float, every_s: float, work: Callable[[float], object] | None = None
) -> list[Reading]:
    """Return a reading each ``every_s`` for so many seconds, one at least, while ``work(seconds)`` runs.

    The work runs in a thread of its own; what it raises is raised here.
    """
    failed: list[BaseException] = []

    def run() -> None:
        try:
            if work is not None:
                work(seconds)
        except BaseException as error:
            failed.append(error)

    worker = threading.Thread(target=run, name="line", daemon=True)
    readings: list[Reading] = []
    never = threading.Event()
    began_s = time.monotonic()
    worker.start()
    while True:
        readings.append(telemetry.read())
        next_s = began_s + len(readings) * every_s
        now_s = time.monotonic()
        if max(next_s, now_s) >= began_s + seconds:
            break
        never.wait(max(0.0, next_s - now_s))
    worker.join(_ENDING_S)
    if failed:
        raise failed[0]
    return readings
