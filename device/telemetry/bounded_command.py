"""Asking another program something, without waiting for it for ever."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import IO

_MOST_BYTES = 64 * 1024


def output_of(
    argv: Sequence[str], limit_s: float, most_bytes: int = _MOST_BYTES, one_line: bool = False
) -> str | None:
    """Return what a program printed on standard output; None where it does not start.

    Whatever it does, this returns after ``limit_s`` or ``most_bytes`` with what came until then; with
    ``one_line`` as soon as a whole line is there. The program, and what it started, is ended then.
    """
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,
        )
    except (OSError, ValueError):
        return None
    assert process.stdout is not None
    try:
        raw = _collect(process.stdout, time.monotonic() + limit_s, most_bytes, one_line)
    finally:
        _end(process)
    said = raw.decode("utf-8", "replace")
    return said.partition("\n")[0] if one_line else said


def _collect(pipe: IO[bytes], deadline: float, most_bytes: int, one_line: bool) -> bytes:
    collected = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(collected) < most_bytes and not (one_line and b"\n" in collected):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                break
            piece = os.read(pipe.fileno(), most_bytes - len(collected))
            if not piece:
                break
            collected += piece
    return collected


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole session the program began: a shell script's children hold the pipe too."""
    assert process.stdout is not None
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1.0)
