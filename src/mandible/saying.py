"""Telling people something on the way, without letting the telling disturb what goes on."""

from __future__ import annotations

import sys
from contextlib import suppress


def say(line: str) -> None:
    """Write one line to standard error; where nobody can hear it, nothing happens."""
    stream = sys.stderr
    if stream is None:  # closed before the program began; print would take standard output instead
        return
    # Nobody reads the pipe any more, the disk is full, the stream is closed.
    with suppress(OSError, ValueError):
        stream.write(f"{line}\n")
        stream.flush()
