"""What is usual for a speaker: a mean that learns at once and then forgets slowly. Integers only."""

from __future__ import annotations

_BITS = 8


class Usual:
    """A running mean of the last ``memory`` values or so; of all of them while there are fewer.

    Attributes:
        count: how many values were taken, at most ``memory``.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self.reset()

    def reset(self) -> None:
        """Know nothing."""
        self.count = 0
        self._mean = 0

    def take(self, value: int) -> None:
        """Learn from one value."""
        self.count = min(self.count + 1, self._memory)
        self._mean += ((value << _BITS) - self._mean) // self.count

    @property
    def value(self) -> int:
        """The mean; 0 before the first value."""
        return self._mean >> _BITS


class UsualPitch:
    """A running median, in cents: an octave that the tracker got wrong now and then does not move it.

    Each value moves it one step towards itself (H. Robbins, S. Monro, 1951); steps shrink as it learns.
    """

    _FIRST_STEP_CENTS = 200
    _LEAST_STEP_CENTS = 2

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Know nothing."""
        self.count = 0
        self.value = 0

    def take(self, cents: int) -> None:
        """Learn from one value."""
        if self.count == 0:
            self.value = cents
        step = max(self._FIRST_STEP_CENTS // (self.count + 1), self._LEAST_STEP_CENTS)
        self.value += max(-step, min(step, cents - self.value))
        self.count = min(self.count + 1, self._FIRST_STEP_CENTS)
