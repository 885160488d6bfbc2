"""Blinks, breath and small head moves as functions of the hop number. Integers only.

Nothing is remembered: a seed and a hop number always give the same position, whatever came before. Time is
cut into slots; a hash of the slot's number decides what happens in it.
"""

from __future__ import annotations

import math

ONE_BITS = 15
# The end of the way; motions return shares of it.
ONE = 1 << ONE_BITS

_STEPS = 256
# From standstill to standstill: half a cosine.
_EASE = tuple(round(ONE * (1 - math.cos(math.pi * i / _STEPS)) / 2) for i in range(_STEPS + 1))
_MASK = (1 << 64) - 1


def chance(seed: int, *numbers: int) -> int:
    """Return 64 bits that depend on nothing but the numbers (SplitMix64: Steele, Lea, Flood, OOPSLA 2014)."""
    state = seed & _MASK
    for number in numbers:
        state = (state + 0x9E3779B97F4A7C15 + number) & _MASK
        state = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ state >> 27) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def eased(done: int, whole: int) -> int:
    """Return how far, 0..ONE, a move is that has taken ``done`` of ``whole`` hops."""
    return _EASE[max(0, min(done, whole)) * _STEPS // whole]


class Blinks:
    """One blink in every interval, at any moment of it; now and then two in a row."""

    def __init__(self, seed: int, interval_hops: int, duration_hops: int, double_percent: int) -> None:
        """Take a seed; an interval must hold two blinks and a half."""
        self._seed = seed
        self._interval = interval_hops
        self._duration = duration_hops
        self._double_percent = double_percent
        self._closing = max(duration_hops * 3 // 8, 1)
        self._opens = max(duration_hops // 2, 1)
        self._slot: int | None = None
        self._starts: tuple[int, ...] = ()

    def position(self, index: int) -> int:
        """Return 0 (open) to ONE (shut)."""
        slot = index // self._interval
        if slot != self._slot:
            # A blink that began late in one slot ends in the next.
            self._slot, self._starts = slot, (*self._starts_in(slot - 1), *self._starts_in(slot))
        return max(self._shut(index - start) for start in self._starts)

    def _starts_in(self, slot: int) -> tuple[int, ...]:
        drawn = chance(self._seed, slot)
        start = slot * self._interval + (drawn >> 32) % self._interval
        if (drawn & 0xFFFF) % 100 < self._double_percent:
            return start, start + self._duration * 3 // 2
        return (start,)

    def _shut(self, hop: int) -> int:
        if not 0 <= hop < self._duration:
            return 0
        if hop < self._opens:
            return eased(hop + 1, self._closing)
        return ONE - eased(hop - self._opens + 1, self._duration - self._opens)


class Breath:
    """In over two fifths of a period, out over the rest."""

    def __init__(self, seed: int, period_hops: int) -> None:
        """Take a seed, which decides where in a breath it all begins."""
        self._period = period_hops
        self._phase = chance(seed) % period_hops
        self._in = period_hops * 2 // 5

    def position(self, index: int) -> int:
        """Return 0 (out) to ONE (in)."""
        hop = (index + self._phase) % self._period
        if hop < self._in:
            return eased(hop, self._in)
        return ONE - eased(hop - self._in, self._period - self._in)


class Drift:
    """Rests somewhere, and moves somewhere else once in every interval."""

    def __init__(self, seed: int, interval_hops: int, move_hops: int) -> None:
        """Take a seed; a move must fit into the interval."""
        self._seed = seed
        self._interval = interval_hops
        self._move = move_hops
        self._slot: int | None = None
        self._start = self._from = self._to = 0

    def position(self, index: int) -> int:
        """Return -ONE to ONE."""
        slot = index // self._interval
        if slot != self._slot:
            self._slot = slot
            self._from, self._to = self._place(slot - 1), self._place(slot)
            latest = self._interval - self._move
            self._start = slot * self._interval + (chance(self._seed, slot) & 0xFFFF) % (latest + 1)
        way = eased(index - self._start, self._move)
        return self._from + ((self._to - self._from) * way >> ONE_BITS)

    def _place(self, slot: int) -> int:
        return (chance(self._seed, slot) >> 32) % (2 * ONE + 1) - ONE
