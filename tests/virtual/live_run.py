"""``mandible run`` as a person runs it, in a process of its own, while a test watches from outside."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

COMMAND = (sys.executable, "-m", "mandible.cli.main")
LIMIT_S = 30.0
CHUNK_BYTES = 65536


def wait_for(condition: Callable[[], bool], limit_s: float, what: str) -> float:
    """Look every 10 ms until ``condition`` holds; return how long that took in seconds."""
    start_s = time.monotonic()
    while not condition():
        assert time.monotonic() - start_s < limit_s, f"{what}: not within {limit_s} s"
        time.sleep(0.01)
    return time.monotonic() - start_s


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1000


class LiveRun:
    """A running line; leaving the context kills it if ``stop`` was not called.

    Attributes:
        process: the program.
        shown: what it showed on its terminal (standard error) so far.
    """

    def __init__(
        self,
        *words: str | Path,
        environment: Mapping[str, str] | None = None,
        before: tuple[str, ...] = (),
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """Start ``mandible run WORDS --json``, its standard error a terminal.

        ``before`` are words in front of the command, as ``nice``; ``prepare`` runs in the new process.
        """
        self._terminal, theirs = pty.openpty()
        self.shown = bytearray()
        self.process = subprocess.Popen(
            [*before, *COMMAND, "run", *map(str, words), "--json"],
            env={**(environment or os.environ), "TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            preexec_fn=prepare,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> LiveRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A stopped process hears nothing but this.
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._reader.join()
        os.close(self._terminal)

    @property
    def pid(self) -> int:
        """Its process number."""
        return self.process.pid

    def stop(self, exit_code: int = 0) -> dict[str, Any]:
        """Ask it to end, as Ctrl-C does; return its summary."""
        self.process.send_signal(signal.SIGINT)
        return self.ended(exit_code)

    def ended(self, exit_code: int = 0, limit_s: float = LIMIT_S) -> dict[str, Any]:
        """Wait for its end and return its summary."""
        report, _ = self.process.communicate(timeout=limit_s)
        self._reader.join()
        said = self.complaints()
        shown = said or bytes(self.shown[-2000:]).decode(errors="replace")
        assert self.process.returncode == exit_code, f"exit code {self.process.returncode}: {shown}"
        return dict(json.loads(report)) if report.strip() else {}

    def complaints(self) -> list[str]:
        """Return the lines that it said in words, not the meter's pictures."""
        text = bytes(self.shown).decode(errors="replace").replace("\r", "")
        return [line for line in text.splitlines() if line.startswith("mandible: ")]

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._terminal, CHUNK_BYTES)
            except OSError:  # nobody has the other side open any more
                return
            self.shown += data
