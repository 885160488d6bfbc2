"""NVIDIA's programs on a Jetson, asked without waiting for them for ever."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from mandible.device.telemetry.bounded_command import output_of

ROOT = Path("/")
# nvpmodel lies where an ordinary user's path often does not lead.
_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/bin")
LIMIT_S = 5.0
_MOST_BYTES = 64 << 10


def search_path(root: Path) -> str:
    """Return where programs are looked for: below a folder that stands for a board only there."""
    if root != ROOT:
        return str(root / "usr/bin")
    return os.pathsep.join((os.environ.get("PATH", ""), *_SYSTEM_FOLDERS))


def asked(root: Path, program: str, *words: str) -> str:
    """Return what a program prints within 5 s, 64 KiB at most; empty where there is none."""
    found = shutil.which(program, path=search_path(root))
    return "" if found is None else output_of([found, *words], LIMIT_S, _MOST_BYTES) or ""
