"""Draws docs/motion.md's picture: ``python -m tests.motion.draw docs/pictures/motion/lead.png``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mandible.whole_file import written
from tests.motion.judgement import best_pulses, pulses_of
from tests.motion.reference import HOP_US, speech

CHANNEL = 3
FIRST_MS, LAST_MS = 1900, 2900
PERIOD_US = 20_000
RUNS = (
    ("without times", 60_000, False),
    ("lead_ms = 20", 20_000, True),
    ("lead_ms = 60", 60_000, True),
)


def draw(path: Path) -> None:
    """Write the picture of one second of a quick channel, whole or not at all."""
    reference = speech()
    figure = Figure(figsize=(11, 7), dpi=90)
    hops_ms = np.arange(len(reference.frames_us)) * HOP_US / 1000
    for axes, (title, lead_us, timed) in zip(figure.subplots(3, 1, sharex=True), RUNS, strict=True):
        pulses_us = pulses_of(reference, PERIOD_US, lead_us=lead_us, timed=timed)
        best_us = best_pulses(reference, len(pulses_us), PERIOD_US, 0)
        times_ms = np.arange(len(pulses_us)) * PERIOD_US / 1000
        axes.plot(hops_ms, reference.frames_us[:, CHANNEL], color="#8a97a3", label="wanted")
        axes.plot(
            times_ms, best_us[:, CHANNEL], color="#2a7f62", linewidth=3, alpha=0.5, label="best possible"
        )
        axes.plot(times_ms, pulses_us[:, CHANNEL], "o-", color="#d1495b", markersize=3, label="pulses")
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_ylabel("µs")
        axes.set_xlim(FIRST_MS, LAST_MS)
    figure.axes[0].legend(loc="upper right", ncols=3, frameon=False)
    figure.axes[-1].set_xlabel("ms")
    figure.tight_layout()
    with written(path) as temporary:
        figure.savefig(temporary, format="png")


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
