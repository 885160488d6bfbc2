"""Time constants and durations as the integers that a hop-by-hop filter counts with."""

from __future__ import annotations

import math

from mandible.device.frames import HOP_MS

ALPHA_BITS = 15
ALPHA_ONE = 1 << ALPHA_BITS
# A filter's state keeps 7 bits below a weight step, so that slow ones still reach their end.
STATE_BITS = 7


def alpha(time_constant_ms: int) -> int:
    """Share of the way to its target that one hop covers, Q15: 1 - exp(-hop / time constant)."""
    if time_constant_ms <= 0:
        return ALPHA_ONE
    return round(ALPHA_ONE * (1 - math.exp(-HOP_MS / time_constant_ms)))


def hops(duration_ms: int) -> int:
    """Whole hops that last at least so long."""
    return -(-duration_ms // HOP_MS)


def nearest_hops(duration_ms: int) -> int:
    """Whole hops that come nearest to so long; the half goes up."""
    return (duration_ms + HOP_MS // 2) // HOP_MS
