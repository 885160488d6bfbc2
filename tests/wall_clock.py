"""What waits do before Python 3.11 while the wall clock is set back: here they fail at once."""

from __future__ import annotations

import threading

import pytest


def no_wait_by_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every timed wait of ``threading`` that goes by the wall clock there raise an error.

    Those of queues do so as well; nobody here uses them.
    """
    wait, join = threading.Condition.wait, threading.Thread.join

    def untimed_wait(self: threading.Condition, timeout: float | None = None) -> bool:
        assert timeout is None, "this waits by the wall clock before Python 3.11"
        return wait(self)

    def untimed_join(self: threading.Thread, timeout: float | None = None) -> None:
        assert timeout is None, "this waits by the wall clock before Python 3.11"
        join(self)

    monkeypatch.setattr(threading.Condition, "wait", untimed_wait)
    monkeypatch.setattr(threading.Thread, "join", untimed_join)
