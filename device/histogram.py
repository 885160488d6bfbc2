"""Durations counted in classes: percentiles of a month of hops in six kilobytes."""

from __future__ import annotations

from bisect import bisect_left

# A hundred classes a decade: each is 2.3 % wide.
CLASSES_PER_DECADE = 100
SHORTEST_NS = 1_000
DECADES = 7
BOUNDS_NS = tuple(
    round(SHORTEST_NS * 10 ** (i / CLASSES_PER_DECADE)) for i in range(DECADES * CLASSES_PER_DECADE + 1)
)
NS_PER_MS = 1e6


class Histogram:
    """Counts durations from 1 µs to 10 s; one thread adds, any thread may read.

    Attributes:
        bounds_ns: upper bound of each class, inclusive; one more class holds what is longer.
        counts: durations seen in each class, one entry more than ``bounds_ns``.
        count: durations seen.
        sum_ns: all of them together.
    """

    bounds_ns = BOUNDS_NS

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_NS) + 1)
        self.count = 0
        self.sum_ns = 0
        self._longest_ns = 0

    def add(self, duration_ns: int) -> None:
        """Count one duration; a negative one counts as none at all."""
        if duration_ns < 0:
            duration_ns = 0
        self.counts[bisect_left(BOUNDS_NS, duration_ns)] += 1
        self.count += 1
        self.sum_ns += duration_ns
        if duration_ns > self._longest_ns:
            self._longest_ns = duration_ns

    @property
    def max_ms(self) -> float | None:
        """The longest duration in ms, exact; None before the first."""
        return self._longest_ns / NS_PER_MS if self.count else None

    def quantile_ms(self, share: float) -> float | None:
        """Return the duration in ms that ``share`` (0..1) of all stayed under; None before the first.

        Right to the width of a class, 2.3 %: the upper bound of the class is given, or the longest
        duration where that is shorter.
        """
        counts = list(self.counts)  # a reader's copy: the other thread goes on counting
        wanted = share * sum(counts)
        reached = 0
        for bound_ns, count in zip((*BOUNDS_NS, self._longest_ns), counts, strict=True):
            reached += count
            if count and reached >= wanted:
                return min(bound_ns, self._longest_ns) / NS_PER_MS
        return None

    def summary_ms(self) -> dict[str, float] | None:
        """p50, p99 and max in ms, rounded to the microsecond; None before the first."""
        p50, p99, longest = self.quantile_ms(0.5), self.quantile_ms(0.99), self.max_ms
        if p50 is None or p99 is None or longest is None:
            return None
        return {"p50": round(p50, 3), "p99": round(p99, 3), "max": round(longest, 3)}
