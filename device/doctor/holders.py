"""Which processes hold a device file open, from ``/proc``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from mandible.device.telemetry.kernel_file import text

_MOST_PROCESSES = 20_000
_MOST_FILES = 4_096
_LIMIT_S = 0.5


def holders(nodes: Sequence[Path], proc: Path = Path("/proc")) -> dict[Path, list[tuple[int, str]]]:
    """Return process number and command of everybody else who has a file open, as far as one sees it."""
    wanted = {os.path.realpath(node): node for node in nodes}
    found: dict[Path, list[tuple[int, str]]] = {}
    end_s = time.monotonic() + _LIMIT_S
    for process in _processes(proc):
        if time.monotonic() > end_s:
            break
        if process == os.getpid():
            continue
        for target in set(_open_files(proc / str(process))):
            if target in wanted:
                entry = (process, _command(proc, process))
                found.setdefault(wanted[target], []).append(entry)
    return found


def is_running(command: str, proc: Path = Path("/proc")) -> bool:
    """Whether a process of that name runs."""
    # The kernel keeps 15 letters of a name.
    return any(text(proc / str(process) / "comm") == command[:15] for process in _processes(proc))


def _processes(proc: Path) -> Iterator[int]:
    try:
        with os.scandir(proc) as entries:
            numbers = [int(e.name) for e in islice(entries, _MOST_PROCESSES) if e.name.isdecimal()]
    except OSError:
        return
    yield from sorted(numbers)


def _open_files(process: Path) -> Iterator[str]:
    try:
        with os.scandir(process / "fd") as entries:
            paths = [Path(entry.path) for entry in islice(entries, _MOST_FILES)]
    except OSError:
        return
    for path in paths:
        try:
            yield str(path.readlink())
        except OSError:
            continue


def _command(proc: Path, process: int) -> str:
    return (text(proc / str(process) / "comm") or "unknown")[:40]
