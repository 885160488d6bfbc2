"""``mandible run`` as a person runs it, in a process of its own; it never outlives us."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from mandible.errors import DeviceError
from mandible.own_python import own_environment, own_python
from mandible.wording import shortened

_END_S = 20.0
_MOST_BYTES = 1 << 20


class RunProcess:
    """A running line; leaving the context kills it if ``report`` was not asked for.

    Attributes:
        stdin: where raw samples go that it listens to with ``--source -``; closing it ends the run.
    """

    def __init__(self, *words: str, environment: Mapping[str, str] | None = None) -> None:
        """Start ``mandible run WORDS --json``; ``environment`` replaces variables."""
        # Files, so that neither of its streams can fill up and hold it.
        self._files = ExitStack()
        # ruff does not see that the stack closes them.
        self._report = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        self._complaints = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        self._process = subprocess.Popen(
            own_python("mandible.cli.main", "run", *words, "--json"),
            env={**own_environment(), **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=self._report,
            stderr=self._complaints,
            bufsize=0,
        )
        assert self._process.stdin is not None
        self.stdin = self._process.stdin

    def __enter__(self) -> RunProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._close_stdin()
        self._files.close()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def stop(self) -> dict[str, Any]:
        """Ask it to end, as Ctrl-C does; return its report."""
        self._process.send_signal(signal.SIGINT)
        return self.report()

    def report(self) -> dict[str, Any]:
        """Return its report at its end, which a closed standard input brings.

        Raises:
            DeviceError: it failed, did not end, or reported nothing; with its own words.
        """
        self._close_stdin()
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            raise DeviceError(f"mandible run does not end within {_END_S:g} s; is it too busy?") from None
        if code != 0:
            raise DeviceError(self.failure())
        self._report.seek(0)
        try:
            return dict(json.loads(self._report.read(_MOST_BYTES)))
        except ValueError:
            raise DeviceError("mandible run reported nothing; run it by hand to see why") from None

    def failure(self) -> str:
        """Return what it complained of, in one line."""
        self._complaints.seek(0)
        lines = self._complaints.read(_MOST_BYTES).decode("utf-8", "replace").strip().splitlines()
        said = lines[-1] if lines else f"exit code {self._process.poll()}"
        return f"mandible run failed: {shortened(said, 300)}"

    def _close_stdin(self) -> None:
        with contextlib.suppress(OSError):
            self.stdin.close()
