"""All that the audio callback touches: a ring of blocks without a lock, which forgets the oldest."""

from __future__ import annotations

import select
from dataclasses import dataclass

from mandible.wake_pipe import WakePipe


@dataclass(frozen=True, slots=True)
class Block:
    """What one audio callback delivered.

    Attributes:
        sequence: block number from 0; a jump means that blocks were lost.
        captured_ns: monotonic time at which the callback ran.
        overflows: how often the driver had said by then that it lost sound.
        raw: sample bytes as the device gave them.
    """

    sequence: int
    captured_ns: int
    overflows: int
    raw: bytes


class CaptureRing:
    """A ring of ``capacity`` slots between the audio thread (``put``) and one other thread (``take``).

    Neither side ever holds anything that the other waits for. The producer alone moves the head and always
    writes; the consumer alone moves the tail. Where the producer has lapped the consumer, the block found in
    a slot carries another number than the one expected: the consumer then goes on with the oldest block still
    there. A list's item is stored and loaded whole under CPython's interpreter lock, so that a slot never
    shows half a block.

    The consumer sleeps on a pipe that the producer writes without blocking.
    """

    def __init__(self, capacity: int) -> None:
        self._slots: list[Block | None] = [None] * capacity
        self._capacity = capacity
        self._head = 0
        self._tail = 0
        self._lost = 0
        self._wakes = WakePipe()
        self._poll = select.poll()
        self._poll.register(self._wakes.fileno(), select.POLLIN)

    def put(self, raw: bytes, captured_ns: int, overflows: int = 0) -> None:
        """Store a block over the oldest one where the ring is full; never waits. For one thread only."""
        head = self._head
        self._slots[head % self._capacity] = Block(head, captured_ns, overflows, raw)
        self._head = head + 1
        self._wakes.wake()

    def take(self, timeout_s: float) -> Block | None:
        """Return the oldest block, or None if none came for ``timeout_s``. For one thread only."""
        if self._tail == self._head:
            if self._poll.poll(timeout_s * 1000):
                self._wakes.drain()
            if self._tail == self._head:
                return None
        while True:
            block = self._slots[self._tail % self._capacity]
            assert block is not None
            if block.sequence == self._tail:
                self._tail += 1
                return block
            oldest = max(self._tail + 1, self._head - self._capacity)
            self._lost += oldest - self._tail
            self._tail = oldest

    @property
    def dropped_blocks(self) -> int:
        """Blocks written over before they were taken."""
        return self._lost + max(0, self._head - self._tail - self._capacity)

    def close(self) -> None:
        """Give the wake descriptors back, once the producer has ended."""
        self._wakes.close()
