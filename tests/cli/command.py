"""Runs the ``mandible`` command as a person would: another process, its exit code, its one line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "samples" / "puppet.wav"
COMMAND = (sys.executable, "-m", "mandible.cli.main")
LIMIT_S = 120


def mandible(
    *words: str | Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    limit_s: float = LIMIT_S,
) -> subprocess.CompletedProcess[bytes]:
    """Run to the end and return what it printed."""
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        input=stdin,
        env=environment,
        cwd=folder,
        capture_output=True,
        timeout=limit_s,
    )


def succeed(*words: str | Path, stdin: bytes = b"") -> bytes:
    """Run, insist on exit code 0, and return standard output."""
    done = mandible(*words, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def complaint(done: subprocess.CompletedProcess[bytes], exit_code: int) -> str:
    """Insist on the exit code and on exactly one line of complaint; return it."""
    text = done.stderr.decode()
    assert done.returncode == exit_code, text
    lines = text.splitlines()
    assert len(lines) == 1, text
    assert lines[0].startswith("mandible: ")
    return lines[0]
