"""Making a thread that waits in ``select`` or ``poll`` look up."""

from __future__ import annotations

import contextlib
import os

_CHUNK_BYTES = 4096


class WakePipe:
    """A pipe to oneself. ``wake`` never waits; calls from several threads need a lock against ``close``."""

    def __init__(self) -> None:
        """Open both ends."""
        self._ends: tuple[int, ...] = os.pipe()
        for descriptor in self._ends:
            os.set_blocking(descriptor, False)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        return self._ends[0]

    def wake(self) -> None:
        """Make it readable; of a closed pipe nothing."""
        # A full pipe wakes just as well.
        with contextlib.suppress(BlockingIOError):
            for descriptor in self._ends[1:]:
                os.write(descriptor, b"\x00")

    def drain(self) -> None:
        """Take what woke the thread, so that the next call wakes it again."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._ends[0], _CHUNK_BYTES)

    def close(self) -> None:
        """Give both ends back. Closing twice is harmless."""
        for descriptor in self._ends:
            os.close(descriptor)
        self._ends = ()
