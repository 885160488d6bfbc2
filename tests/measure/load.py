"""Measures what the line costs: ``python -m tests.measure.load`` writes ``benchmarks/results/load.json``.

A real ``mandible run`` listens to the virtual microphone and moves a virtual board, its meter on a terminal,
while speech plays for a minute. The board's process stands in for hardware and is counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from mandible.benchmarks import load
from mandible.benchmarks.machine import machine, versions
from mandible.whole_file import written
from tests.virtual.live_run import LiveRun
from tests.virtual.microphone.pulse import VirtualMicrophone

SETTLE_S = 5.0
ENGINE = "c"


def live(seconds: float, *options: str) -> dict[str, Any]:
    """Watch a run for at least ``seconds`` of speech; return its shares and its memory."""
    with tempfile.TemporaryDirectory() as folder, VirtualMicrophone(Path(folder)) as microphone:
        words = ("--source", f"mic:{microphone.name}", "--port", "virtual:", *options)
        with LiveRun(*words, environment=microphone.environment) as run:
            time.sleep(SETTLE_S)
            before, began_s = load.processes(run.pid), time.monotonic()
            while time.monotonic() - began_s < seconds:
                microphone.play(load.SAMPLE)
            after, lasted_s = load.processes(run.pid), time.monotonic() - began_s
            report = run.stop()
    shares = load.live_per_cent(before, after, lasted_s)
    by_role = {one.name: round(share, 2) for one, share in zip(after[1:], shares[1:], strict=True)}
    return {
        "seconds": round(lasted_s, 1),
        "line_per_cent": round(shares[0], 2),
        "microphone_per_cent": by_role["microphone"],
        "virtual_board_per_cent": by_role["virtual board"],
        "line_resident_mb": round(after[0].resident_mb, 1),
        "line_proportional_mb": round(after[0].proportional_mb, 1),
        "all_proportional_mb": round(sum(one.proportional_mb for one in after), 1),
        "compute_ms": report["compute_ms"],
        "stages_ms": report["stages_ms"],
        "dropped_hops": report["dropped_hops"],
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=load.WATCH_S)
    parser.add_argument("-o", "--output", type=Path, default=load.RESULT)
    arguments = parser.parse_args()
    result = {
        "benchmark": "load",
        "machine": machine(),
        "versions": versions(("numpy", "PyAudio", "pyserial", "rich")),
        "settings": {
            "model": "small",
            "engine": ENGINE,
            "rig": "skull",
            "nice": os.nice(0),
            "taken": "CPU time, best pass for the file; other programs ran on the same computer",
        },
        "file_per_cent": round(load.file_per_cent(engine=ENGINE), 3),
        "live": live(arguments.seconds),
        "live_with_meter": live(arguments.seconds, "--meter"),
    }
    with written(arguments.output) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
