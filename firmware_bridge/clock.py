"""The board's clock as the host sees it: an offset from pings, trusting the quick ones most."""

from __future__ import annotations

from collections import deque

# An Arduino's ceramic resonator is good for half a percent.
_DRIFT_PPM = 5000
_SAMPLES = 16
_SLACK_US = 2000
# The board counts milliseconds modulo 65536, and microseconds with them.
CLOCK_US = 65_536 * 1000


class BoardClock:
    """Estimates board time (µs, modulo 65,536,000) from host time (µs, monotonic).

    A reply that took ``round_trip_us`` says the offset to within half of that; the bound grows with the
    sample's age by the drift a cheap resonator may have. The sample with the tightest bound now is the
    estimate (after F. Cristian, "Probabilistic clock synchronization", Distributed Computing 3, 1989).
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._samples: deque[tuple[int, int, int]] = deque(maxlen=_SAMPLES)
        # All bounds grow alike, so which one is the tightest changes only when a sample comes.
        self._best: tuple[int, int, int] | None = None

    def __len__(self) -> int:
        """Return the number of samples held."""
        return len(self._samples)

    def forget(self) -> None:
        """Drop every sample: the board may have restarted."""
        self._samples.clear()
        self._best = None

    def add(self, sent_us: int, received_us: int, board_us: int) -> bool:
        """Take a reply stamped ``board_us`` to a request sent and answered at the given host times.

        Returns False, and takes nothing, where it contradicts the earlier ones: the board has restarted.
        """
        middle_us = (sent_us + received_us) // 2
        sample = (received_us, received_us - sent_us, (board_us - middle_us) % CLOCK_US)
        if self._samples:
            apart_us = (board_us - self.board_us(middle_us)) % CLOCK_US
            may_be_us = self.uncertainty_us(received_us) + self._bound_us(sample, received_us) + _SLACK_US
            if min(apart_us, CLOCK_US - apart_us) > may_be_us:
                return False
        self._samples.append(sample)
        self._best = min(self._samples, key=lambda each: self._bound_us(each, received_us))
        return True

    def uncertainty_us(self, now_us: int) -> int:
        """Return the bound on the estimate's error; ``len(self)`` must not be 0."""
        assert self._best is not None
        return self._bound_us(self._best, now_us)

    def board_us(self, host_us: int) -> int:
        """Return the board's clock at ``host_us``; ``len(self)`` must not be 0."""
        assert self._best is not None
        return (host_us + self._best[2]) % CLOCK_US

    def due_ms(self, host_us: int) -> int:
        """Return the board's millisecond clock (modulo 65536) at ``host_us``, as ``move.due_ms`` wants it."""
        return self.board_us(host_us) // 1000

    @staticmethod
    def _bound_us(sample: tuple[int, int, int], now_us: int) -> int:
        received_us, round_trip_us, _ = sample
        return round_trip_us // 2 + (now_us - received_us) * _DRIFT_PPM // 1_000_000
