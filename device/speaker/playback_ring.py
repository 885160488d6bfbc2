"""Samples on their way from one thread to the audio callback, in memory that was taken beforehand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# (frames, channels)
Block = NDArray[np.int16]


class PlaybackRing:
    """A ring of (``capacity``, ``channels``) int16 for one writer and one reader; neither ever waits.

    Each side moves its own count only, after the samples are in place, so no lock is needed.

    Attributes:
        written, taken: frames put in and taken out since the beginning.
    """

    def __init__(self, capacity: int, channels: int) -> None:
        self._samples = np.zeros((capacity, channels), np.int16)
        self.written = 0
        self.taken = 0

    @property
    def waiting(self) -> int:
        """How many frames can be taken."""
        return self.written - self.taken

    @property
    def free(self) -> int:
        """How many frames can be put in."""
        return len(self._samples) - self.waiting

    def put(self, block: Block) -> int:
        """Put in as much of ``block`` as there is room for; return how much that was."""
        count = min(len(block), self.free)
        place = self.written % len(self._samples)
        first = min(count, len(self._samples) - place)
        self._samples[place : place + first] = block[:first]
        self._samples[: count - first] = block[first:count]
        self.written += count
        return count

    def take(self, into: Block) -> int:
        """Fill the beginning of ``into`` with what is there; return how much that was."""
        count = self.peek(into, 0)
        self.taken += count
        return count

    def peek(self, into: Block, ahead: int) -> int:
        """Like ``take``, ``ahead`` frames further on, but leave everything in."""
        count = max(0, min(len(into), self.waiting - ahead))
        place = (self.taken + ahead) % len(self._samples)
        first = min(count, len(self._samples) - place)
        into[:first] = self._samples[place : place + first]
        into[first:count] = self._samples[: count - first]
        return count

    def skip(self, count: int) -> None:
        """Let go of ``count`` frames, or of all there are."""
        self.taken += min(count, self.waiting)
