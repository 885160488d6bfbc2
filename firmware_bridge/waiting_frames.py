"""Poses on their way to a board: those that cannot go out at once wait; the oldest and the stale go."""

from __future__ import annotations

from collections import deque

from mandible.firmware_bridge.protocol import LIMITS

_MOST = 8


class WaitingFrames:
    """A short queue of (when it left the line in host µs, pulses).

    Attributes:
        dropped: how many were not sent.
    """

    def __init__(self, lead_ms: int) -> None:
        """Poses are due ``lead_ms`` after they left the line."""
        self.dropped = 0
        self._frames: deque[tuple[int, tuple[int, ...]]] = deque()
        self._keeps_us = 1000 * (lead_ms + LIMITS["late_ms"])

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._frames)

    def add(self, emitted_us: int, pulses_us: tuple[int, ...]) -> None:
        """Let one wait; where there is no room the oldest gives way."""
        if len(self._frames) == _MOST:
            self._frames.popleft()
            self.dropped += 1
        self._frames.append((emitted_us, pulses_us))

    def stale(self, emitted_us: int, host_us: int) -> bool:
        """Whether a board would refuse it as late; a newer one follows."""
        return emitted_us < host_us - self._keeps_us

    def next(self, host_us: int) -> tuple[int, tuple[int, ...]] | None:
        """Take the oldest that is not stale; None: there is none."""
        self.drop_stale(host_us)
        return self._frames.popleft() if self._frames else None

    def drop_stale(self, host_us: int) -> None:
        """Drop what a board would refuse."""
        while self._frames and self.stale(self._frames[0][0], host_us):
            self._frames.popleft()
            self.dropped += 1

    def clear(self) -> None:
        """Drop all; they are not counted, for nobody wants them any more."""
        self._frames.clear()
