"""A flag, and a thread's end, to wait for by the monotonic clock."""

from __future__ import annotations

import threading
import time

# How late a waiting thread may see the flag; a wait that is shorter costs one sleep.
SLICE_S = 0.05
JOIN_SLICE_S = 0.005


class StopFlag:
    """What ``threading.Event`` is, for loops that pace themselves.

    Before Python 3.11 an event's timeout goes by the wall clock on Linux: where that is set back by an hour,
    as happens when a small computer first hears what time it is, everything that waits stands still for an
    hour. Sleeping does not mind.
    """

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        """Say stop, for good."""
        self._set = True

    def is_set(self) -> bool:
        """Whether somebody said stop."""
        return self._set

    def wait(self, timeout_s: float) -> bool:
        """Return after ``timeout_s``, or at most 50 ms after ``set``; say whether it was set."""
        end_s = time.monotonic() + timeout_s
        while not self._set and (left_s := end_s - time.monotonic()) > 0:
            time.sleep(min(left_s, SLICE_S))
        return self._set


def ended_within(thread: threading.Thread, timeout_s: float) -> bool:
    """Wait for a thread's end as ``join`` does, by the monotonic clock; say whether it has come."""
    end_s = time.monotonic() + timeout_s
    while thread.is_alive() and time.monotonic() < end_s:
        time.sleep(JOIN_SLICE_S)
    return not thread.is_alive()
