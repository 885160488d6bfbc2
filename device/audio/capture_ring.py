"""The only thing the audio callback touches: a bounded queue that forgets the oldest block first."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """What one audio callback delivered.

    Attributes:
        sequence: block number from 0; a jump means that blocks were lost.
        captured_ns: monotonic time at which the callback ran.
        raw: sample bytes as the device gave them.
    """

    sequence: int
    captured_ns: int
    raw: bytes


class CaptureRing:
    """A queue of at most ``capacity`` blocks between the audio thread and one consumer."""

    def __init__(self, capacity: int) -> None:
        self._blocks: deque[Block] = deque()
        self._capacity = capacity
        self._arrived = threading.Condition()
        self._next_sequence = 0
        self._closed = False
        self.dropped_blocks = 0

    def put(self, raw: bytes, captured_ns: int) -> None:
        """Append a block; never waits for the consumer, and drops the oldest block when full."""
        with self._arrived:
            if len(self._blocks) == self._capacity:
                self._blocks.popleft()
                self.dropped_blocks += 1
            self._blocks.append(Block(self._next_sequence, captured_ns, raw))
            self._next_sequence += 1
            self._arrived.notify()

    def take(self, timeout_s: float) -> Block | None:
        """Return the oldest block, or None once the ring is closed or nothing came for ``timeout_s``."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._closed or bool(self._blocks), timeout_s)
            return None if self._closed or not self._blocks else self._blocks.popleft()

    @property
    def closed(self) -> bool:
        """True once ``close`` was called."""
        return self._closed

    def close(self) -> None:
        """Wake the consumer for good."""
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()
