"""When a frame of a recording is handed out: at once, or at the pace at which it was spoken."""

from __future__ import annotations

import time

from mandible.device.frames import HOP_NS
from mandible.stop_flag import StopFlag


class Pacer:
    """Hands out capture times; in real time it waits for absolute deadlines, so that delays never add up."""

    def __init__(self, realtime: bool) -> None:
        self._realtime = realtime
        self._start_ns: int | None = None
        self._stopped = StopFlag()

    def wait(self, index: int) -> int:
        """Return the monotonic time (ns) at which hop ``index`` counts as captured.

        In real time that is ``start + (index + 1) * 10 ms``, and the call returns no earlier. A consumer that
        fell behind finds the next deadlines in the past and catches up without waiting.
        """
        now_ns = time.monotonic_ns()
        if not self._realtime:
            return now_ns
        if self._start_ns is None:
            self._start_ns = now_ns
        due_ns = self._start_ns + (index + 1) * HOP_NS
        while now_ns < due_ns and not self._stopped.wait((due_ns - now_ns) / 1e9):
            now_ns = time.monotonic_ns()
        return due_ns

    @property
    def stopped(self) -> bool:
        """True once ``stop`` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Wake a waiting consumer for good."""
        self._stopped.set()
