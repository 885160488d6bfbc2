"""A person at a real terminal: ``mandible calibrate`` on a pseudo-terminal, keys in, text out."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from types import TracebackType

_LIMIT_S = 30.0
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class AtTerminal:
    """Runs the program; a context manager that ends it.

    Attributes:
        shown: everything it has written, without colours and cursor moves.
    """

    def __init__(self, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "mandible.cli.main", "calibrate", *arguments]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "50"}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        self.shown = ""
        self._since = 0

    def __enter__(self) -> AtTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def wait_for(self, words: str) -> None:
        """Read on until ``words`` have been shown since the last key."""
        give_up_s = time.monotonic() + _LIMIT_S
        while words not in self._lately():
            assert time.monotonic() < give_up_s, f"never showed {words!r}; lately: {self._lately()[-3000:]}"
            assert self._read(0.5) or self.process.poll() is None, f"ended; lately: {self._lately()[-3000:]}"

    def press(self, key: str) -> None:
        """Press a key."""
        self._since = len(self.shown)
        os.write(self._ours, key.encode())

    def press_until(self, key: str, words: str) -> None:
        """Keep a key pressed until ``words`` are shown."""
        self._since = len(self.shown)
        give_up_s = time.monotonic() + _LIMIT_S
        while words not in self._lately():
            assert time.monotonic() < give_up_s, f"never showed {words!r}; lately: {self._lately()[-3000:]}"
            os.write(self._ours, key.encode())
            self._read(0.05)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self.process.send_signal(number)

    def make_it_wait_for_enter(self) -> None:
        """Leave the terminal as a shell does that suspends a program."""
        settings = termios.tcgetattr(self._ours)
        settings[3] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(self._ours, termios.TCSANOW, settings)

    def end(self) -> int:
        """Wait for its end; return its exit status."""
        give_up_s = time.monotonic() + _LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < give_up_s, f"goes on; lately: {self._lately()[-3000:]}"
            self._read(0.1)
        self._read(0.0)
        return self.process.returncode

    def _lately(self) -> str:
        return self.shown[self._since :]

    def _read(self, wait_s: float) -> bool:
        if not select.select([self._ours], [], [], wait_s)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the other side has closed
            return False
        self.shown += _ESCAPES.sub("", data.decode("utf-8", "replace"))
        return bool(data)
