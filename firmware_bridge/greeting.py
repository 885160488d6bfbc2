"""When to greet a board again, and what to say of one that accepts every greeting and no set-point."""

from __future__ import annotations

from mandible.firmware_bridge.protocol import STATUS, WIRE, status_name

HELLO = {"major": WIRE["version_major"], "minor": WIRE["version_minor"]}

# Never more than ten greetings a second.
_SHORTEST_US = 100_000
_MOST_DOUBLINGS = 4
_ACCEPTED = (STATUS["ok"], STATUS["clamped"])
# The board is not in the state it was known to be in.
_LOST = (STATUS["no_limits"], STATUS["not_attached"])
_MISTIMED = (STATUS["late"], STATUS["too_far"])
# So many refusals for their time in a row: the board's clock is not what it was.
_MISTIMED_MOVES = 5
# Greetings in a row that led to no accepted set-point, before it is called a problem.
_PATIENCE = 3
_REMEDY = "switch the board off and on; if that does not help, flash it anew"


class Greetings:
    """Paces greetings: at most ten a second, and half as often after each that came to nothing.

    A board that restarted is greeted at once. One whose answers never lead to a moving servo, be it broken
    or no board of ours, costs ever less, and is tried for ever.
    """

    def __init__(self) -> None:
        """Greet at once."""
        self._last_us: int | None = None
        self._fruitless = 0
        self._refusal: str | None = None
        self._mistimed = 0

    def take(self, now_us: int) -> bool:
        """Whether a greeting may go out at ``now_us``; if so, it is taken."""
        wait_us = _SHORTEST_US << min(self._fruitless, _MOST_DOUBLINGS)
        if self._last_us is not None and now_us - self._last_us < wait_us:
            return False
        self._last_us = now_us
        return True

    def came_to_nothing(self, status: int | None = None) -> None:
        """Note that the board has to be greeted again: for its refusal ``status``, or its clock (None)."""
        self._fruitless += 1
        self._mistimed = 0
        self._refusal = None if status is None else status_name(status)

    def clock_known(self) -> None:
        """Note that the board's clock goes as a clock does."""
        if self._refusal is None:
            self._fruitless = 0

    def judge(self, status: int) -> bool:
        """Take the answer to a set-point; say whether the board has to be greeted again for it."""
        self._mistimed = self._mistimed + 1 if status in _MISTIMED else 0
        if status in _ACCEPTED:
            self._fruitless = 0
            self._refusal = None
        if status not in _LOST and self._mistimed < _MISTIMED_MOVES:
            return False
        self.came_to_nothing(status)
        return True

    @property
    def problem(self) -> str | None:
        """What is wrong with a board that lets nothing move, and the remedy; None while it may be well."""
        if self._fruitless < _PATIENCE:
            return None
        if self._refusal is None:
            return f"the board's clock jumps, so nothing can be timed; {_REMEDY}"
        return f"the board refuses every set-point ({self._refusal}); {_REMEDY}"
