"""A process that runs the simulated Arduino Uno in real time, and what it logged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType

from mandible.benchmarks.lateness.board_log import Move, Pulse, read_log

ROOT = Path(__file__).parents[2]


class LiveChip:
    """The board, from entering the context to leaving it.

    Attributes:
        path: the terminal it can be reached at.
        port: the URL of that.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.virtual.simavr.live", "--log", str(log)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.path = self._process.stdout.readline().strip()
        if not self.path:
            self.close()
            raise RuntimeError("the simulated board did not start")
        self.port = f"serial://{self.path}"

    def __enter__(self) -> LiveChip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Switch it off; from then on the log is complete."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def moved(self) -> bool:
        """Tell whether a set-point has come yet (the log is written in blocks: true a little late)."""
        return self._log.exists() and self._log.stat().st_size > 0

    def read(self) -> tuple[list[Move], list[Pulse]]:
        """Return everything logged; call it after ``close``."""
        return read_log(self._log)
