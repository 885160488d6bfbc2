"""What nobody asked for is not loaded: a line of the default engine is small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import SAMPLE

PROGRAM = """
import json, sys
from mandible.cli.main import main
assert main(sys.argv[1:]) == 0
with open("/proc/self/status") as status:
    peak_kb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
print(json.dumps([peak_kb / 1024, sorted(sys.modules)]))
"""
HEAVY = (
    "ai_edge_litert",
    "flatbuffers",
    "mandible.quantize",
    "onnx",
    "onnxruntime",
    "tensorflow",
    "tensorrt",
    "tflite_runtime",
)


@pytest.mark.parametrize(
    ("engine", "loads", "most_mb"),
    [
        ("c", [], 120),
        ("reference", [], 120),
        ("litert", ["ai_edge_litert", "flatbuffers"], 160),
        ("onnx", ["mandible.quantize", "onnxruntime"], 200),
    ],
)
def test_a_line_loads_its_own_engine_alone(
    engine: str, loads: list[str], most_mb: int, tmp_path: Path
) -> None:
    words = ["bake", SAMPLE, "--jobs", "1", "--rig", "skull", "--engine", engine, "-o", tmp_path / "x.csv"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)], capture_output=True, text=True, check=True
    )
    peak_mb, modules = json.loads(done.stdout.splitlines()[-1])
    loaded = {heavy for heavy in HEAVY for module in modules if f"{module}.".startswith(f"{heavy}.")}
    assert loaded <= set(loads)
    assert bool(loaded) == bool(loads)  # so that the search finds what is there
    assert peak_mb < most_mb
