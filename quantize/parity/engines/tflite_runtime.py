"""tflite-runtime 2.14, which wants an older Python and numpy than ours: in another interpreter of Python.

``tflite_runtime_worker.py`` is what that interpreter runs; it needs nothing of mandible.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mandible.errors import DeviceError, InputError
from mandible.quantize import programs
from mandible.quantize.parity.engine import Hops, Options, Outcome, Progress
from mandible.quantize.parity.subject import Subject
from mandible.wording import shortened

ENVIRONMENT = "MANDIBLE_TFLITE_PYTHON"
WORKER = Path(__file__).with_name("tflite_runtime_worker.py")
REMEDY = (
    "in a Python before 3.12 run: pip install 'tflite-runtime==2.14.0' 'numpy<2'; then give that Python with "
    f"--tflite-python or {ENVIRONMENT}"
)
PROBE_LIMIT_S = 60
# The slowest machine that we know takes a millisecond a hop.
RUN_LIMIT_S_PER_HOP = 0.05


class OtherPython:
    """The worker, started anew for every run."""

    def __init__(self, python: str, subject: Subject, folder: Path) -> None:
        self._python = python
        self._folder = folder
        self._heads = len(subject.network.heads)
        (folder / "model.tflite").write_bytes(subject.content)

    def run(self, segments: Sequence[Hops], progress: Progress) -> Outcome:
        """Run every segment in the other interpreter."""
        folder = self._folder
        lengths = [len(hops) for hops in segments]
        (folder / "hops.bin").write_bytes(b"".join(hops.tobytes() for hops in segments))
        (folder / "task.json").write_text(json.dumps({"lengths": lengths, "heads": self._heads}))
        limit_s = PROBE_LIMIT_S + RUN_LIMIT_S_PER_HOP * sum(lengths)
        done = programs.run([self._python, "-I", str(WORKER), str(folder)], limit_s, remedy=REMEDY)
        if done.returncode:
            raise InputError(f"tflite-runtime failed in {self._python}: {_last_line(done.stderr)}")
        try:
            price_us = float(json.loads(done.stdout)["us"])
            rows = np.frombuffer((folder / "logits.bin").read_bytes(), np.int8).reshape(sum(lengths), -1)
        except (OSError, ValueError, TypeError, KeyError):
            raise InputError(f"{self._python} gave no logits: it is no Python; {REMEDY}") from None
        progress(sum(lengths))
        return Outcome(list(np.split(rows, np.cumsum(lengths)[:-1])), price_us)


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
    return shortened(lines[-1], 160)


def create(name: str, subject: Subject, options: Options) -> OtherPython:
    """Return the engine; raises DeviceError where no Python has a tflite-runtime that works."""
    named = options.tflite_python or os.environ.get(ENVIRONMENT)
    python = shutil.which(named or sys.executable)
    if python is None:
        raise DeviceError(f"engine {name}: {shortened(str(named))}: no such program; {REMEDY}")
    probe = programs.run([python, "-I", str(WORKER)], PROBE_LIMIT_S, remedy=REMEDY)
    if probe.returncode:
        raise DeviceError(f"engine {name}: {_last_line(probe.stderr)} ({python}); {REMEDY}")
    folder = options.folder / name
    folder.mkdir()
    return OtherPython(python, subject, folder)
