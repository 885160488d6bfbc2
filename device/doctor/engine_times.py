"""Times the installed engines for a moment each: ``python -m`` this, in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from mandible.device.doctor.child import run_child

MODEL = "small"
WINDOW_S = 0.12
FEWEST_HOPS = 3
# Its first start on a board builds an engine for minutes.
NOT_TIMED = ("tensorrt",)


def tell() -> Iterator[dict[str, Any]]:
    """Yield ``{"begins"}``, then ``{"engine", "best_us"}`` or ``{"engine", "problem"}`` for each engine."""
    import numpy as np

    from mandible.device import engines
    from mandible.device.frames import MEL_BANDS
    from mandible.models.released import resolve

    model = resolve(MODEL)
    mels = np.random.default_rng(1).integers(-128, 128, (64, MEL_BANDS), np.int8)
    for name in engines.available():
        if name in NOT_TIMED:
            continue
        yield {"begins": name}
        try:
            engine = engines.create(name, model)
            engine.step(mels[0])
            # Not engines.trial: that one compares whole recordings, for as long as the slowest engine takes.
            best_ns, hops, end_s = 1 << 62, 0, time.monotonic() + WINDOW_S
            while hops < FEWEST_HOPS or time.monotonic() < end_s:
                began_ns = time.perf_counter_ns()
                engine.step(mels[hops % len(mels)])
                best_ns = min(best_ns, time.perf_counter_ns() - began_ns)
                hops += 1
        except Exception as error:
            yield {"engine": name, "problem": f"{type(error).__name__}: {error}"}
        else:
            yield {"engine": name, "best_us": round(best_ns / 1000, 1)}


if __name__ == "__main__":
    run_child(tell)
