"""The host's clock: monotonic, as frames are stamped, in the microseconds that boards count."""

from __future__ import annotations

import time


def now_us() -> int:
    """Return the monotonic clock in µs."""
    return time.monotonic_ns() // 1000
