"""Leaving a puppet well: to neutral at the rig's speed, a moment of rest there, then no more pulses."""

from __future__ import annotations

import math

from mandible.firmware_bridge.exchange import Request
from mandible.firmware_bridge.rig import Channel, Rig

# Often enough to hold the board's watchdog off (100 ms at the least).
_MOVE_INTERVAL_US = 40_000
_REST_US = 60_000
_SOFT_START_US = 1_000_000
_DETACH_ATTEMPTS = 3
_DETACH_INTERVAL_US = 250_000
# By then the set-point to neutral has woken an output that rested without pulses, if it stood elsewhere.
_AWAKE_US = 100_000


class Parking:
    """Decides what to send and when.

    The board says when it has arrived; one that does not, or does not answer, is given the longest travel
    time, a second for its soft start, and 0.75 s for three attempts to detach.
    """

    def __init__(self, rig: Rig, now_us: int, lead_us: int) -> None:
        """Plan for the longest way any servo of ``rig`` may have to neutral."""
        travel_us = max(_travel_us(channel) for channel in rig.channels)
        self._neutral_us = {c.output: c.neutral_us for c in rig.channels}
        self._next_move_us = now_us
        self._awake_us = now_us + lead_us + _AWAKE_US
        self._detach_from_us = now_us + lead_us + travel_us + _SOFT_START_US
        self._attempts = 0
        self._detached = False

    def wants_move(self, now_us: int) -> bool:
        """Whether a set-point to neutral, and a query, are due; asking takes it."""
        if now_us >= self._detach_from_us or now_us < self._next_move_us:
            return False
        self._next_move_us = now_us + _MOVE_INTERVAL_US
        return True

    def wants_detach(self, now_us: int) -> bool:
        """Whether a detach is due; asking takes it."""
        if self._detached or now_us < self._detach_from_us or self._attempts == _DETACH_ATTEMPTS:
            return False
        self._detach_from_us = now_us + _DETACH_INTERVAL_US
        self._attempts += 1
        return True

    def reported(self, pulse_us: tuple[int, ...], now_us: int) -> None:
        """Take the board's pulses by output: once all are at neutral it only rests a moment more.

        An output that still has no pulses when it should have set out rests at neutral, or was let go.
        """
        standing_us = dict(enumerate(pulse_us))
        awake = now_us >= self._awake_us
        there = all(
            standing_us.get(output) in ((neutral, 0) if awake else (neutral,))
            for output, neutral in self._neutral_us.items()
        )
        if there:
            self._detach_from_us = min(self._detach_from_us, now_us + _REST_US)

    def answered(self, request: Request) -> None:
        """Take the acknowledgement of a request."""
        self._detached |= request.name == "detach"

    def over(self, now_us: int) -> bool:
        """Whether the board has detached, or does not answer."""
        return self._detached or (self._attempts == _DETACH_ATTEMPTS and now_us >= self._detach_from_us)


def _travel_us(channel: Channel) -> int:
    """Time of the longest way to neutral: speeding up, full speed if that is reached, slowing down."""
    way_us = max(channel.max_us - channel.neutral_us, channel.neutral_us - channel.min_us)
    speed, accel = channel.speed_us_per_s, channel.accel_us_per_s2
    if way_us * accel >= speed * speed:
        return 1_000_000 * way_us // speed + 1_000_000 * speed // accel
    return 2 * math.isqrt(1_000_000_000_000 * way_us // accel)
