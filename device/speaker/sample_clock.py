"""When the samples of a steady stream come or go, learnt from jittery observations."""

from __future__ import annotations

# Observations an average is taken over, once there are as many; at one per 10 ms that is one second.
MEMORY = 100
# A sound device asks for several blocks at once when it starts; what that says of its pace is forgotten.
SETTLING_NS = 200_000_000
# An observation this far off is no jitter: the stream stood still, or lost something.
JUMP_NS = 100_000_000


class SampleClock:
    """Maps a stream's sample positions to monotonic time.

    It follows a clock that is off by 1000 ppm with an error of a millisecond.

    Attributes:
        settled: it has been observed for long enough to be trusted.
    """

    def __init__(self, rate_hz: int) -> None:
        self._ns_per_sample = 1e9 / rate_hz
        self._start_ns = 0.0
        self._observed = 0
        self._first_ns: int | None = None
        self.settled = False

    def note(self, time_ns: int, position: int) -> None:
        """Take the observation that sample ``position`` was due at ``time_ns``."""
        start_ns = time_ns - position * self._ns_per_sample
        if self._first_ns is None or abs(start_ns - self._start_ns) > JUMP_NS:
            self._first_ns, self._observed = time_ns, 0
        self.settled = time_ns - self._first_ns >= SETTLING_NS
        self._observed = min(self._observed + 1, MEMORY) if self.settled else 1
        self._start_ns += (start_ns - self._start_ns) / self._observed

    def time_ns(self, position: float) -> float:
        """Return when sample ``position`` is due; meaningless before the first observation."""
        return self._start_ns + position * self._ns_per_sample
