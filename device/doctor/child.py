"""A part of the examination that may hang or crash: a process of its own that tells a JSON object a line."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

from mandible.device.doctor.background import in_background
from mandible.device.telemetry.bounded_command import output_of
from mandible.own_python import own_python

# The last line of a child that came to its end.
FINISHED: dict[str, Any] = {"finished": True}
# A child whose parent was killed ends by itself, even while a library hangs: the signal's own action does it.
_LONGEST_LIFE_S = 30


class Child:
    """Starts this Python with a module of ours at once; ``told()`` waits for it, at most until its limit."""

    def __init__(self, module: str, *words: str, limit_s: float) -> None:
        argv = own_python(module, *words)
        self._told = in_background(lambda: output_of(argv, limit_s))

    def told(self) -> tuple[list[dict[str, Any]], bool]:
        """Return what it told, and whether it came to its end."""
        lines = (self._told.result() or "").splitlines()
        objects = [told for line in lines if (told := _object(line)) is not None]
        finished = FINISHED in objects
        return [told for told in objects if told != FINISHED], finished


def run_child(tell: Callable[[], Iterator[dict[str, Any]]]) -> None:
    """Write each object at once to the real standard output; what libraries print there goes nowhere."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_LONGEST_LIFE_S)
    line_end = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    for told in tell():
        os.write(line_end, json.dumps(told).encode() + b"\n")
    os.write(line_end, json.dumps(FINISHED).encode() + b"\n")
    # Closing down is where sound libraries hang.
    os._exit(0)


def _object(line: str) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
