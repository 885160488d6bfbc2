"""How often set-points may go out: 100 Hz on average, with a short burst to catch up after a pause."""

from __future__ import annotations

from mandible.firmware_bridge.protocol import WIRE

_INTERVAL_US = 10_000
# As many as the board can queue.
_BURST = WIRE["queue_set_points"]


class Pacing:
    """A bucket of eight set-points, refilled at 100 a second."""

    def __init__(self, now_us: int) -> None:
        """Start with a full bucket."""
        self._empty_until_us = now_us - _BURST * _INTERVAL_US

    def take(self, now_us: int) -> bool:
        """Whether one may go out at ``now_us``; if so, it is taken from the bucket."""
        if now_us < self._empty_until_us:
            return False
        full_us = now_us - _BURST * _INTERVAL_US
        self._empty_until_us = max(self._empty_until_us, full_us) + _INTERVAL_US
        return True
