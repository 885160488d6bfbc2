"""Times the engines against each other on this machine: ``python -m mandible.benchmarks.engines [MODEL]``.

The same measurement as ``mandible engines``, on more speech and with a fixed number of passes, so that
results can be compared. Writes ``results/engines-<model>-<machine>.json`` beside this file.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import wave
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible import __version__
from mandible.api import assemble
from mandible.device import engines
from mandible.device.audio import open_source
from mandible.device.engines.starting import start
from mandible.device.engines.trial import noise_hops, try_out
from mandible.device.frontend import log_mel
from mandible.firmware_bridge.rig import Rig
from mandible.models import network, released

RESULTS = Path(__file__).resolve().parent / "results"
SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "puppet.wav"
RIG = "skull"
PASSES = 15
NOISE_HOPS = 1000
PACKAGES = ("numpy", "ai-edge-litert", "tflite-runtime", "onnxruntime", "tensorrt")


def main() -> None:
    """Measure, print a table, and write the result file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", default="small", help="a released model's name or a .tflite file")
    parser.add_argument(
        "--passes", type=int, default=PASSES, help=f"passes over the speech (default {PASSES})"
    )
    parser.add_argument("-o", "--output", type=Path, help="result file")
    args = parser.parse_args()
    model = released.resolve(args.model)
    result = measure(model, _speech(), args.passes)
    output = args.output or RESULTS / f"engines-{model.name}-{platform.machine()}.json"
    partial = output.with_name(f".{output.name}.partial")
    partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    partial.replace(output)
    for name, row in result["engines"].items():
        print(
            f"{name:10} {row['us_per_hop']:8.1f} us/hop  {row['times_slower_than_fastest']:6.1f} x  "
            f"equal argmax {row['equal_argmax']:.4f}  largest difference {row['largest_difference_lsb']} LSB"
        )
    print(f"{'whole line':10} {result['line']['us_per_hop']:8.1f} us/hop, samples to pulses")
    print(output)


def measure(model: released.ModelFile, hops: NDArray[np.int8], passes: int) -> dict[str, Any]:
    """Run every available engine ``passes`` times over (n, 40) features; return the result file's content."""
    names = engines.available()
    starts = {name: start(name, model.path) for name in names}
    trials = list(try_out(names, model.path, hops, noise_hops(NOISE_HOPS), passes=passes))
    fastest_us = min(trial.us_per_hop for trial in trials)
    return {
        "benchmark": "engines",
        "model": {
            "name": model.name,
            "sha256": model.sha256,
            "parameters": network.load(model.path).parameters,
        },
        "machine": _machine(),
        "versions": {"mandible": __version__, "python": platform.python_version(), **_versions()},
        "settings": {
            "hops": len(hops),
            "noise_hops": NOISE_HOPS,
            "passes": passes,
            "threads": 1,
            "taken": "best pass, Python call included",
        },
        "line": {"us_per_hop": round(_line_s(model, passes) * 1e6, 2), "rig": RIG, "engine": "default"},
        "engines": {
            trial.name: {
                "us_per_hop": trial.us_per_hop,
                "p50_us": trial.p50_us,
                "p99_us": trial.p99_us,
                "times_slower_than_fastest": round(trial.us_per_hop / fastest_us, 2),
                "exact": trial.exact,
                **asdict(trial.speech),
                "noise": asdict(trial.noise),
                **asdict(starts[trial.name]),
            }
            for trial in trials
        },
    }


def _line_s(model: released.ModelFile, passes: int) -> float:
    """Seconds a hop takes from samples to guarded pulses, every stage in its Python form; the best pass."""
    rig = Rig.load(RIG)
    line = assemble(model, engines.default_name(), rig)
    with open_source(str(SAMPLE)) as source:
        frames = list(source)
    best_s = float("inf")
    for _ in range(passes):
        line.reset()
        start_s = time.perf_counter()
        for frame in frames:
            line.step(frame)
        best_s = min(best_s, time.perf_counter() - start_s)
    return best_s / len(frames)


def _speech() -> NDArray[np.int8]:
    with wave.open(str(SAMPLE)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return log_mel(pcm.astype(np.int16))


def _machine() -> dict[str, str]:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("model name", "Model"))]
    return {
        "architecture": platform.machine(),
        "processor": names[0] if names else platform.processor(),
        "system": f"{platform.system()} {platform.release()}",
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    main()
