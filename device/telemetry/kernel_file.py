"""Reading the small text files in which the kernel tells about the computer."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

_MOST_BYTES = 4096
_MOST_ENTRIES = 256


def text(path: Path) -> str | None:
    """Return what a file of one line holds; None where it is not there, not readable or no text.

    Never blocks on a pipe and never reads more than 4 KiB, whatever lies at ``path``.
    """
    read = _content(path)
    return read if read is not None and read.isprintable() else None


def lines(path: Path) -> list[str]:
    """Return the lines of a file, as far as 4 KiB hold them; none where it cannot be read."""
    return (_content(path) or "").splitlines()


def _content(path: Path) -> str | None:
    try:
        # Before opening: to open a device may do something.
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            raw = os.read(descriptor, _MOST_BYTES)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return None
    return raw.decode("utf-8", "replace").strip("\0 \t\r\n")


def number(path: Path, base: int = 10) -> int | None:
    """Return the whole number a file holds, or None."""
    return whole_number(text(path), base)


def whole_number(written: str | None, base: int = 10) -> int | None:
    """Return a number of at most 20 digits as the kernel writes them, or None."""
    if written is None or len(written) > 20 or not written.isascii() or "_" in written:
        return None
    try:
        return int(written, base)
    except ValueError:
        return None


def entries(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield at most 256 entries of a folder whose name fits, in order of their names; none of no folder."""
    try:
        with os.scandir(folder) as found:
            names = [e.name for e in islice(found, 16 * _MOST_ENTRIES) if fnmatchcase(e.name, pattern)]
    except (OSError, ValueError):
        return
    for name in sorted(names, key=lambda name: (len(name), name))[:_MOST_ENTRIES]:
        yield folder / name
