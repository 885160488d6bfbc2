"""Finding one stop of a servo's travel with nothing but a person's eyes, to within 15 µs.

A servo does not react to small changes (its dead band), a linkage has play, and nobody sees a hair's breadth.
All three make a part stop later on the way out, and come away later on the way back, by the same amount; so
the stop lies half-way between the two:

- on the way out, in steps of ``STEP_US``, the part moved in the last but one step: ``free_us`` is short of
  (stop + play) by at most a step and what an eye misses, p;
- on the way back, in steps of ``BACK_US``, it has been seen to come away: ``away_us`` is beyond (stop - play)
  by at most a step and p.

Their middle is inside the stop, by at most (STEP_US + BACK_US) / 2 + p + 1: under 15 µs for an eye that sees
8 µs of pulse (a third of a millimetre at the end of a jaw of 50 mm). ``INTO_PLAY_US`` must exceed twice the
play, dead band included.
"""

from __future__ import annotations

from dataclasses import dataclass

from mandible.firmware_bridge.calibration.questions import Jog, Prompt, Walk, go
from mandible.firmware_bridge.protocol import LIMITS

COARSE_US, STEP_US, BACK_US = 10, 8, 3
# What a person who reacts within a third of a second may have gone too far.
OVERSHOOT_US = 80
INTO_PLAY_US = 40
# No play is so large: what was seen cannot have been.
MOST_PLAY_US = 200
LOWEST_US, HIGHEST_US = LIMITS["pulse_min_us"], LIMITS["pulse_max_us"]


class SearchLostError(Exception):
    """The answers do not fit together: the search begins anew."""


@dataclass(frozen=True, slots=True)
class Way:
    """The way to one stop: the output, where it begins, its direction (1: longer pulses, -1: shorter)."""

    output: int
    start_us: int
    outward: int

    @property
    def end(self) -> str:
        """What the end is called."""
        return "long" if self.outward > 0 else "short"

    def prompt(self, name: str, at_us: int) -> Prompt:
        """Return a question of this way, asked at a pulse."""
        return Prompt(name, Jog(self.output, at_us), {"end": f"{self.end}-pulse", "at_us": at_us})

    def outside(self, at_us: int) -> bool:
        """Whether no servo is ever given this pulse."""
        return not LOWEST_US <= at_us <= HIGHEST_US


def find_stop(way: Way) -> Walk[int]:
    """Return the last pulse in µs that is surely inside the stop; begins and goes on until one is found."""
    while True:
        yield from go(Jog(way.output, way.start_us))
        try:
            touched_us = yield from _approach(way)
            if touched_us is None:
                return HIGHEST_US if way.outward > 0 else LOWEST_US
            free_us, pressed_us = yield from _last_step(way, touched_us)
            away_us = yield from _come_away(way, pressed_us)
        except SearchLostError:
            continue
        # To the inner side.
        return way.outward * ((way.outward * (free_us + away_us)) // 2)


def _ask(way: Way, name: str, at_us: int) -> Walk[str]:
    word = yield way.prompt(name, at_us)
    if word == "redo":
        raise SearchLostError
    return word


def _approach(way: Way) -> Walk[int | None]:
    """Go out until the part stops; return where, or None where pulses end before."""
    at_us = way.start_us
    while True:
        word = yield from _ask(way, "approach", at_us)
        if word == "stopped":
            return at_us
        if way.outside(at_us + way.outward * COARSE_US):
            yield from _ask(way, "bound", at_us)
            return None
        at_us += way.outward * COARSE_US


def _last_step(way: Way, touched_us: int) -> Walk[tuple[int, int]]:
    """Return the last pulse from which it surely moved on, and the one at which it was pressed."""
    begin_us = touched_us - way.outward * OVERSHOOT_US
    while True:
        # From further inside, so that play is taken up and the first step is a real one.
        yield from _from_inside(way, begin_us)
        if (yield from _ask(way, "back", begin_us)) == "yes":
            moved, at_us = yield from _steps(way, begin_us)
            if moved:
                return at_us - 2 * way.outward * STEP_US, at_us
        begin_us -= way.outward * INTO_PLAY_US


def _steps(way: Way, begin_us: int) -> Walk[tuple[bool, int]]:
    """Step out until it does not move; return whether it ever did, and where it did not."""
    at_us, moved = begin_us, False
    while True:
        at_us += way.outward * STEP_US
        if way.outside(at_us):
            raise SearchLostError
        while (word := (yield from _ask(way, "step", at_us))) == "again":
            yield from _from_inside(way, at_us - way.outward * STEP_US)
        if word == "no":
            return moved, at_us
        moved = True


def _from_inside(way: Way, at_us: int) -> Walk[None]:
    inside_us = at_us - way.outward * INTO_PLAY_US
    if way.outside(inside_us):
        raise SearchLostError
    yield from go(Jog(way.output, inside_us), "retreat")
    yield from go(Jog(way.output, at_us))


def _come_away(way: Way, pressed_us: int) -> Walk[int]:
    """Step back until it has come away from the stop; return where."""
    at_us = pressed_us
    while abs(pressed_us - at_us) < MOST_PLAY_US:
        at_us -= way.outward * BACK_US
        if (yield from _ask(way, "leave", at_us)) == "yes":
            return at_us
    raise SearchLostError
