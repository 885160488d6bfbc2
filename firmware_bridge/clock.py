"""The board's clock as the host sees it: offset and drift from pings, trusting the quick ones most."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

# The board counts microseconds modulo this.
CLOCK_US = 1 << 32
# An Arduino's ceramic resonator is good for half a percent.
_MOST_DRIFT_PPM = 5000
# At one ping in 200 ms the last 13 s: long enough for the drift, short enough for a board that warms up.
_SAMPLES = 64
# What is expected of the drift before anything is known: until the samples span enough time, the way of a
# slow cable would pass for drift.
_USUAL_DRIFT = 2000 / 1e6
_SLACK_US = 2000
# Even the quickest answer may be stamped so much before or after.
_STAMP_US = 100


class _Sample(NamedTuple):
    """A ping: the middle of its way, when its answer came, how long that took, what the board's clock was."""

    middle_us: int
    received_us: int
    round_trip_us: int
    board_us: int


class BoardClock:
    """Estimates board time (µs, modulo 2^32) from host time (µs, monotonic).

    A reply that took ``round_trip_us`` says the offset to within half of that (F. Cristian, "Probabilistic
    clock synchronization", Distributed Computing 3, 1989), and better where it took hardly longer than the
    quickest one. The estimate is the straight line through the last samples, each weighted by the inverse
    square of what it took longer, with a drift near 0 expected beforehand.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES)
        self.forget()

    def __len__(self) -> int:
        """Return the number of samples held."""
        return len(self._samples)

    def forget(self) -> None:
        """Drop every sample: the board may have restarted."""
        self._samples.clear()
        # The line: board time at _from_us, and how many µs it gains on the host in each µs.
        self._from_us = 0
        self._board_us = 0.0
        self._drift = 0.0

    @property
    def drift_ppm(self) -> float:
        """How much faster the board's clock runs than the host's, as far as is known."""
        return 1e6 * self._drift

    def add(self, sent_us: int, received_us: int, board_us: int) -> bool:
        """Take a reply stamped ``board_us`` to a request sent and answered at the given host times.

        Returns False, and takes nothing, where it contradicts the earlier ones: the board has restarted.
        """
        middle_us = (sent_us + received_us) // 2
        round_trip_us = received_us - sent_us
        if self._samples:
            apart_us = _signed(board_us - self.board_us(middle_us))
            may_be_us = self.uncertainty_us(received_us) + round_trip_us // 2 + _SLACK_US
            if abs(apart_us) > may_be_us:
                return False
            # Without the wrap: on the line of the samples before.
            board_us = self._samples[-1].board_us + _signed(board_us - self._samples[-1].board_us)
        self._samples.append(_Sample(middle_us, received_us, round_trip_us, board_us))
        self._fit()
        return True

    def uncertainty_us(self, now_us: int) -> int:
        """Return a bound on the estimate's error for any drift a board may have; not for an empty clock."""
        return min(
            sample.round_trip_us // 2 + (now_us - sample.received_us) * _MOST_DRIFT_PPM // 1_000_000
            for sample in self._samples
        )

    def board_us(self, host_us: int) -> int:
        """Return the board's clock at ``host_us``; ``len(self)`` must not be 0."""
        assert self._samples
        passed_us = host_us - self._from_us
        return (passed_us + round(self._board_us + passed_us * self._drift)) % CLOCK_US

    def _fit(self) -> None:
        """Lay the line through the samples: weighted least squares, ridge regression for the drift."""
        last = self._samples[-1]
        quickest_us = min(sample.round_trip_us for sample in self._samples)
        # Relative to the last sample, so that the numbers stay small.
        points = [
            (
                float(sample.middle_us - last.middle_us),
                float(sample.board_us - last.board_us - (sample.middle_us - last.middle_us)),
                1.0 / ((sample.round_trip_us - quickest_us) / 2 + _STAMP_US) ** 2,
            )
            for sample in self._samples
        ]
        weight = sum(w for _, _, w in points)
        host = sum(w * h for h, _, w in points) / weight
        gain = sum(w * g for _, g, w in points) / weight
        spread = sum(w * (h - host) ** 2 for h, _, w in points)
        slope = sum(w * (h - host) * (g - gain) for h, g, w in points) / (spread + 1 / _USUAL_DRIFT**2)
        self._drift = min(max(slope, -_MOST_DRIFT_PPM / 1e6), _MOST_DRIFT_PPM / 1e6)
        self._from_us = last.middle_us
        self._board_us = last.board_us + gain - host * self._drift


def _signed(difference_us: int) -> int:
    """Return the shorter way round the clock."""
    return (difference_us + CLOCK_US // 2) % CLOCK_US - CLOCK_US // 2
