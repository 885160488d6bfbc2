"""Running other programs (compilers, simulators) so that none outlives an interruption of ours.

Each gets a process group of its own, so that what it started itself, such as a compiler's passes, ends too.
Signals interrupt Python's main thread alone; programs that other threads wait for are ended by ``endable``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from mandible.errors import DeviceError

# For a program to remove its own temporary files after it was told to end.
GRACE_S = 0.5

_lock = threading.Lock()
_running: set[subprocess.Popen[bytes]] = set()
_ending = threading.Event()


class LateError(DeviceError):
    """A program took longer than it may, and was ended."""


class EndedError(DeviceError):
    """A program was ended, or not even started, because what wanted it was interrupted."""


def run(
    words: Sequence[str],
    limit_s: float,
    given: bytes | None = None,
    folder: Path | None = None,
    remedy: str = "",
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end and return its status and what it wrote.

    Args:
        words: program and arguments.
        limit_s: after so long it is ended.
        given: its standard input; None for an empty one.
        folder: where it runs; None for where we do.
        remedy: what a person can do where it cannot be started or is too slow; ends both messages.

    Raises:
        DeviceError: it cannot be started.
        LateError: it took longer than ``limit_s``.
        EndedError: it was ended by ``endable``.
    """
    hint = f"; {remedy}" if remedy else ""
    with _lock:
        if _ending.is_set():
            raise EndedError(f"{words[0]}: not started after an interruption")
        try:
            process = subprocess.Popen(
                words,
                cwd=folder,
                stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise DeviceError(f"{words[0]} cannot be run ({error.strerror}){hint}") from None
        _running.add(process)
    with process:
        try:
            out, err = process.communicate(given, limit_s)
        except subprocess.TimeoutExpired:
            _end([process])
            raise LateError(f"{words[0]} did not finish within {limit_s:.0f} s and was ended{hint}") from None
        except BaseException:  # such as Ctrl-C
            _end([process])
            raise
        finally:
            with _lock:
                _running.discard(process)
                was_ended = _ending.is_set()
    if was_ended:
        raise EndedError(f"{words[0]}: ended after an interruption")
    return subprocess.CompletedProcess(words, process.returncode, out, err)


@contextmanager
def endable() -> Iterator[Callable[[], None]]:
    """Yield a function that ends every program that ``run`` runs in any thread.

    From its call until the context is left none is started any more. So leave it when the threads are done.
    """

    def end() -> None:
        with _lock:
            _ending.set()
            found = list(_running)
        _end(found)

    try:
        yield end
    finally:
        _ending.clear()


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Tell programs and what they started to end; after half a second make them."""
    for process in processes:
        _signal(process, signal.SIGTERM)
    deadline_s = time.monotonic() + GRACE_S
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline_s - time.monotonic()))
    for process in processes:
        _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    # Its group may live on without it, under the same number.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
