"""Something that is due again and again, in real time: pulses may be given late, or several at once."""

from __future__ import annotations

import time


class Every:
    """Due each time so many seconds have passed since it was last due; the first time at once if ``now``."""

    def __init__(self, seconds: float, now: bool = False) -> None:
        """Start counting."""
        self._seconds = seconds
        self._due_s = time.monotonic() + (0.0 if now else seconds)

    def due(self) -> bool:
        """Return whether it is due, and start anew if so."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return False
        self._due_s = now_s + self._seconds
        return True
