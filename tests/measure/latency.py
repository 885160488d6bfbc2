"""Measures the latency budget: ``python -m tests.measure.latency`` writes ``results/latency.json``.

Fresh sentences go through a real sound server into ``mandible run`` with its meter on, and from there into
the firmware on a simulated ATmega328P that runs in real time. Nothing is added to the program for it:
a second listener at the sound server knows when each sample was given out, the board's terminal when each
pose left the computer, and the simulated pins when each pulse began.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from mandible.benchmarks import latency
from mandible.benchmarks.machine import machine, versions
from mandible.whole_file import written
from tests.measure.lateness import figures, heard_again
from tests.measure.performance import RIG, perform
from tests.voices.sentences import SEED_VARIABLE, fresh_seed
from tests.voices.synthesis import fresh_utterances

SENTENCES = 20


def measure(count: int, seed: int, *options: str) -> dict[str, Any]:
    """Perform ``count`` sentences; return the result file's content."""
    with tempfile.TemporaryDirectory() as folder:
        seen = perform(fresh_utterances(count, seed), Path(folder), *options)
    report = seen.report
    return {
        "benchmark": "latency",
        "machine": machine(),
        "versions": versions(("numpy", "PyAudio", "pyserial")),
        "settings": {
            "seed": seed,
            "model": report["model"],
            "engine": report["engine"],
            "rig": RIG,
            "options": list(options),
            "nice": os.nice(0),
            "board": report["link"]["board"]["kind"],
            "taken": "one run in real time; other programs ran on the same computer",
        },
        **figures(heard_again(seen)),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sentences", type=int, default=SENTENCES)
    parser.add_argument("-o", "--output", type=Path, default=latency.RESULT)
    arguments = parser.parse_args()
    seed = fresh_seed()
    print(f"{SEED_VARIABLE}={seed}")
    result = measure(arguments.sentences, seed, "--meter")
    with written(arguments.output) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(latency.table(result))
    print("\n".join(latency.summary(result)))
    print(result["counted"])


if __name__ == "__main__":
    main()
