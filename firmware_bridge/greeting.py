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
# A servo that was held fast once will be again, as long as what holds it is there: the wait before the next
# attempt doubles. After so many set-points in a row that were accepted it is over.
_FIRST_REST_US = 400_000
_OVER_MOVES = 300
_ALARMS = {
    "stalled": "the board lets go: a servo is held fast; free it, and it goes on by itself",
    "hot": "the board lets go: a servo is too hot; let it cool, and it goes on by itself",
    "alarm": "the board lets go: a servo is held fast or too hot; free it or let it cool, and it goes on",
}
_REMEDY = "switch the board off and on; if that does not help, flash it anew"
# The clock has just been measured, so it is the way there that takes too long.
_LATE_REMEDY = "raise lead_ms in the rig's [link], or use a quicker line"


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
        self._alarm: str | None = None
        self._alarms = 0
        self._accepted = 0
        self._rest_until_us: int | None = None

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

    def reported(self, flags: tuple[str, ...], now_us: int) -> None:
        """Take the flags of a board's state: one that has let go of a servo is left alone for a while."""
        alarm = next((flag for flag in flags if flag in _ALARMS), None)
        if alarm is not None and self._alarm is None:
            self._rest_until_us = now_us + (_FIRST_REST_US << min(self._alarms, _MOST_DOUBLINGS))
            self._alarms += 1
        self._alarm = alarm or self._alarm

    def resting(self, now_us: int) -> bool:
        """Whether nothing should be attached yet."""
        return self._rest_until_us is not None and now_us < self._rest_until_us

    def judge(self, status: int) -> bool:
        """Take the answer to a set-point; say whether the board has to be greeted again for it."""
        self._mistimed = self._mistimed + 1 if status in _MISTIMED else 0
        self._accepted = self._accepted + 1 if status in _ACCEPTED else 0
        if status in _ACCEPTED:
            self._fruitless = 0
            self._refusal = None
            self._alarm = None
        if self._accepted == _OVER_MOVES:
            self._alarms = 0
        if status not in _LOST and self._mistimed < _MISTIMED_MOVES:
            return False
        self.came_to_nothing(status)
        return True

    @property
    def problem(self) -> str | None:
        """What is wrong with a board that lets nothing move, and the remedy; None while it may be well."""
        if self._alarm is not None or self._refusal == "alarm":
            return _ALARMS[self._alarm or "alarm"]
        if self._fruitless < _PATIENCE:
            return None
        if self._refusal is None:
            return f"the board's clock jumps, so nothing can be timed; {_REMEDY}"
        remedy = _LATE_REMEDY if self._refusal == "late" else _REMEDY
        return f"the board refuses every set-point ({self._refusal}); {remedy}"
