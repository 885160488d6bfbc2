"""What a loudspeaker holds of the voice before it is heard, from the jittery word of its callbacks."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

# At one callback every 10 ms this is one second.
MEMORY = 100
# So many of those are out of the ordinary; they neither make the voice late nor keep it so.
ODD = MEMORY // 10


class UsualLatency:
    """The latency that nine of ten recent callbacks stayed within.

    A mean would be too little for a device that asks for several blocks at once, the greatest too much as
    soon as one callback says something odd.
    """

    def __init__(self) -> None:
        self._recent: deque[int] = deque()
        self._sorted: list[int] = []

    def note(self, latency_ns: int) -> int:
        """Take what one callback says; return the usual latency in ns."""
        if len(self._recent) == MEMORY:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]
        self._recent.append(latency_ns)
        insort(self._sorted, latency_ns)
        return self._sorted[-1 - len(self._sorted) * ODD // MEMORY]
