"""Processes that do a tree's share of the work, in a session of their own, ended whatever happens."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from mandible.errors import InputError
from mandible.wording import shortened

WORKLOAD = Path(__file__).with_name("workload.py")
# Longer than a block may take in the worker itself, which then ends with SIGALRM.
LIMIT_S = 90.0
_MOST_REPLY_BYTES = 1 << 20
_MOST_COMPLAINT_BYTES = 4096
_END_S = 5.0
_NONSENSE = "its worker talks nonsense; name another revision"
_LONGEST_REASON = 300
# One thread each, and nothing that would make Python find or keep modules otherwise.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class NotHereError(Exception):
    """A row of work that a tree cannot do."""


@dataclass(frozen=True)
class Tree:
    """A built tree.

    Attributes:
        name: ``baseline`` or ``this``.
        told: what a person calls it.
        folder: where it lies.
    """

    name: str
    told: str
    folder: Path


class Worker:
    """A fresh process with a tree's mandible, pinned to a core, that works when it is asked to.

    Args:
        tree: whose work.
        hears: the workload's last words: a recording, features and a rig.
        seed: of the hashes of strings; both members of a pair have the same.
        core: to run on; None for any.
    """

    def __init__(self, tree: Tree, hears: tuple[str, ...], seed: int, core: int | None) -> None:
        self._tree, self._doing = tree, "start"
        self._said = (tree.folder.parent / f"{tree.folder.name}.stderr").open("w+b")
        reading, writing = os.pipe()
        self._replies, self._buffer = reading, b""
        words = [str(tree.folder), "-" if core is None else str(core), str(writing), *hears]
        try:
            self._process = subprocess.Popen(
                [sys.executable, str(WORKLOAD), *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                env=_environment(tree, seed),
                cwd=tree.folder,
                pass_fds=(writing,),
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            self._said.close()
            raise
        finally:
            os.close(writing)

    def __enter__(self) -> Worker:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """End the process and what it started."""
        assert self._process.stdin is not None
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(OSError):
            self._process.stdin.close()
        os.close(self._replies)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        self._said.close()

    def work(self, row: str, count: int) -> int:
        """Do some work of a row; return its CPU time in ns. Raises as ``ask``."""
        return self._whole(self.ask(row, count).get("ns"))

    def given(self, row: str) -> int:
        """Return the number, at least 1, that a row's work gives. Raises as ``ask``."""
        return self._whole(self.ask(row).get("given"))

    def _whole(self, number: object) -> int:
        if not isinstance(number, int) or number <= 0:
            raise InputError(f"{self._where}: its worker gave no figure; name another revision")
        return number

    def ask(self, row: str, count: int = 1) -> dict[str, Any]:
        """Send a request, and return the answer.

        Raises:
            NotHereError: the tree cannot do this; why.
            InputError: the worker died, hangs, talks nonsense or has another mandible; one line.
        """
        assert self._process.stdin is not None
        self._doing = row
        with suppress(BrokenPipeError):  # it is dead: reading tells how
            self._process.stdin.write(f"{row} {count}\n".encode())
            self._process.stdin.flush()
        line = self._line(time.monotonic() + LIMIT_S)
        try:
            told = json.loads(line)
            why = told.get("why")
        except (ValueError, AttributeError, RecursionError):
            raise InputError(f"{self._where}: {_NONSENSE}") from None
        if told.get("foreign"):
            raise InputError(f"{self._where}: {shortened(str(why), _LONGEST_REASON)}")
        if why is not None:
            raise NotHereError(shortened(str(why), _LONGEST_REASON))
        return dict(told)

    @property
    def _where(self) -> str:
        return f"{self._tree.told}: {self._doing}"

    def _line(self, deadline_s: float) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(self._replies, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline_s - time.monotonic())):
                    raise InputError(f"{self._where}: no answer within {LIMIT_S:g} s; it hangs")
                piece = os.read(self._replies, 1 << 16)
                if len(self._buffer) > _MOST_REPLY_BYTES:
                    raise InputError(f"{self._where}: {_NONSENSE}")
                if not piece:
                    raise InputError(f"{self._where}: {self._death()}")
                self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _death(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        status = self._process.returncode
        if status == -signal.SIGALRM:
            return "took too long, and was ended"
        ending = f"status {status}"
        if status is not None and status < 0:
            ending = signal.strsignal(-status) or f"signal {-status}"
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, size - _MOST_COMPLAINT_BYTES))
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines() or ["it did not say why"]
        return f"its worker died ({ending}): {shortened(lines[-1], _LONGEST_REASON)}"


def _environment(tree: Tree, seed: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    # Dependencies may come from a path that a person set; the tree comes first.
    places = [str(tree.folder / "src"), os.environ.get("PYTHONPATH", "")]
    return {
        **kept,
        **dict.fromkeys(_ONE_THREAD, "1"),
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "PYTHONHASHSEED": str(seed),
    }
