"""Where the time from a sound to the mouth that shows it goes: ``python -m mandible.benchmarks.latency``.

Prints the table of the last measurement, ``results/latency.json``. The measurement itself needs a microphone
and a board that can be watched: ``python -m tests.measure.latency`` in a source folder.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS
from mandible.device.pipeline import HALF_HOP_MS, HALF_WINDOW_MS

RESULT = Path(__file__).resolve().parent / "results" / "latency.json"
# 99th percentiles; docs/architecture.md says how they come together.
SOUND_TO_POSE_MS = 60
SOUND_TO_PULSE_MS = 85
COMPUTE_MS = 3
SHIFTS_MS = np.arange(-50, 251)
_FILL_STEPS = 21
NS_PER_MS = 1e6

Series = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True)
class Hops:
    """When things happened to n hops, in ns of one clock.

    Attributes:
        heard: (n,) the sound server handed over the hop's last sample.
        pose: (n,) the pose's last byte left the computer.
        due: (n,) when the board is to have reached the pose.
        pulse: (n,) the first servo pulse that shows it began.
        delay_ms: from the middle of the 10 ms that a hop's pose speaks for to its last sample.
    """

    heard: Times
    pose: Times
    due: Times
    pulse: Times
    delay_ms: float

    def sound_to_ms(self, what: Times) -> Series:
        """Return (n, 21): how long after the sound ``what`` came, for instants all over each hop's 10 ms."""
        since_ms = (what - self.heard) / NS_PER_MS + self.delay_ms
        fill_ms = np.linspace(-HOP_MS / 2, HOP_MS / 2, _FILL_STEPS)
        return np.asarray(since_ms[:, None] + fill_ms, np.float64)


def quantiles(durations_ms: Series) -> dict[str, float]:
    """Return p50, p99 and the longest, in ms."""
    p50, p99 = np.percentile(durations_ms, [50, 99])
    longest = float(durations_ms.max())
    return {
        "p50": round(float(p50), 2),
        "p99": round(float(p99), 2),
        "max": round(longest, 2),
    }


def every_ms(at_ms: Series, value: Series, first_ms: int, count: int) -> Series:
    """Return (count,) what stood at each millisecond from ``first_ms`` on; a value stands until the next."""
    latest = np.searchsorted(at_ms, np.arange(first_ms, first_ms + count), "right") - 1
    return np.asarray(value[np.maximum(0, latest)], np.float64)


def best_shift_ms(wanted: Series, at_ms: Series, value: Series) -> float:
    """Return by how much ``value``, set at ``at_ms``, is behind ``wanted``, given every ms from 0 on."""
    shown = every_ms(at_ms, value, int(SHIFTS_MS[0]), len(wanted) + len(SHIFTS_MS))
    fit = [np.corrcoef(wanted, shown[i : i + len(wanted)])[0, 1] for i in range(len(SHIFTS_MS))]
    return float(SHIFTS_MS[int(np.argmax(fit))])


def known_parts_ms(lookahead_ms: float) -> dict[str, dict[str, float]]:
    """Return the parts of the delay that are so by design; all instants of a hop are equally frequent."""
    late_ms = 0.98 * HALF_HOP_MS
    return {
        "the sound's place in its hop": {"p50": 0.0, "p99": late_ms},
        "half a window": {"p50": HALF_WINDOW_MS, "p99": HALF_WINDOW_MS},
        "lookahead": {"p50": lookahead_ms, "p99": lookahead_ms},
    }


def table(result: dict[str, Any]) -> str:
    """Return a result as a table in Markdown."""
    parts = {**result["known_ms"], **result["stages_ms"]}
    rows = [(name, one["p50"], one["p99"]) for name, one in parts.items()]
    rows += [(f"**{name}**", one["p50"], one["p99"]) for name, one in result["totals_ms"].items()]
    lines = ["| part | p50 ms | p99 ms |", "|---|---|---|"]
    lines += [f"| {name} | {p50:.2f} | {p99:.2f} |" for name, p50, p99 in rows]
    return "\n".join(lines)


def summary(result: dict[str, Any]) -> Sequence[str]:
    """Return what the table cannot say, a line each."""
    shifts = result["best_shift_ms"]
    return [f"{name}: {value:g}" for name, value in shifts.items()]


def main() -> None:
    """Print the last result."""
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    print(table(result))
    print("\n".join(summary(result)))


if __name__ == "__main__":
    main()
