"""How long hops took from their last sample to the end of the line."""

from __future__ import annotations

from collections import deque

import numpy as np

from mandible.device.frames import Frame

# Ten minutes of hops: enough for a 99th percentile, and a bound on memory.
KEPT_HOPS = 60_000


class Timing:
    """A sink that remembers the latest durations."""

    def __init__(self) -> None:
        self._durations_ns: deque[int] = deque(maxlen=KEPT_HOPS)

    def write(self, frame: Frame) -> None:
        """Note one frame; the silence that ends a line is stamped ahead of its time and does not count."""
        if frame.emitted_ns is not None and frame.emitted_ns >= frame.captured_ns:
            self._durations_ns.append(frame.emitted_ns - frame.captured_ns)

    def compute_ms(self) -> dict[str, float] | None:
        """p50, p99 and max in ms, or None before the first frame."""
        if not self._durations_ns:
            return None
        durations_ms = np.array(self._durations_ns) / 1e6
        p50, p99 = np.percentile(durations_ms, [50, 99])
        return {
            "p50": round(float(p50), 3),
            "p99": round(float(p99), 3),
            "max": round(float(durations_ms.max()), 3),
        }
