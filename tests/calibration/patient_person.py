"""A person in front of a virtual mouth: sees moves of some size, some time later, and answers the wizard."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mandible.firmware_bridge.calibration.wizard import Wizard
from tests.calibration.virtual_mouth import Mouth

# A key that is kept pressed comes so often.
_REPEAT_US = 33_000
# So long nothing has moved, before a person is sure that it has stopped.
_STILL_US = 250_000
# So long before a person no longer waits for a part to begin to move.
_PATIENCE_US = 1_500_000


@dataclass(frozen=True)
class Senses:
    """How small a move is seen (µs of pulse), and how long it takes until a finger answers."""

    sees_us: float
    reaction_us: int


class Person:
    """Answers questions from what is seen of the mouths; ``horn_off`` people take the horn off first.

    One who ``leaves_it_to_the_board`` never says that a part has stopped. ``answers`` are given to the
    questions that have nothing to do with the mouth, by name.
    """

    def __init__(
        self,
        mouths: Mapping[str, Mouth],
        senses: Senses,
        horn_off: bool,
        answers: Mapping[str, str],
        leaves_it_to_the_board: bool = False,
    ) -> None:
        self._mouths = mouths
        self._senses = senses
        self._horn_off = horn_off
        self._answers = answers
        self._leaves_it = leaves_it_to_the_board
        self._serial = -1
        self._asked = ""
        self._ready_us: int | None = None
        self._pressed_us = 0
        # What the eye has seen: (when, where), as late as the person reacts.
        self._seen: deque[tuple[int, float]] = deque()
        self._mark_us = 0.0
        self._moved_us = 0
        self._began_us: int | None = None
        self._at_stop_us = 0.0
        # Where the part stood when the last answer was given: from there on the eye follows it.
        self._before_us = 0.0

    def look(self, wizard: Wizard, now_us: int) -> str | None:
        """Look at the mouth and the question; return an answer, or None."""
        name = wizard.prompt.name
        mouth = None if wizard.channel is None else self._mouths[wizard.channel.name]
        if wizard.serial != self._serial:
            self._new_question(name, wizard.serial, mouth, now_us)
        if mouth is None:
            return self._unseeing(wizard, now_us)
        self._watch(mouth, now_us)
        self._before_us = mouth.at_us
        if name == "approach":
            return self._approach(now_us)
        return self._unhurried(wizard, mouth, now_us)

    def _new_question(self, name: str, serial: int, mouth: Mouth | None, now_us: int) -> None:
        before, first = self._asked, name != self._asked
        self._serial, self._asked, self._ready_us = serial, name, None
        if mouth is None:
            return
        if name != "approach" or first:
            self._mark_us = self._before_us
        if name == "approach" and first:
            self._began_us, self._moved_us = None, now_us
            self._seen.clear()
        if first and (name == "leave" or before == "approach"):
            self._at_stop_us = self._before_us

    def _watch(self, mouth: Mouth, now_us: int) -> None:
        self._seen.append((now_us, mouth.at_us))
        while self._seen[0][0] < now_us - self._senses.reaction_us:
            at_us = self._seen.popleft()[1]
            if self._asked == "approach" and abs(at_us - self._mark_us) >= self._senses.sees_us:
                self._mark_us, self._moved_us, self._began_us = at_us, now_us, now_us

    def _approach(self, now_us: int) -> str | None:
        """Keep the key pressed until it has stopped; say so when the finger has changed keys."""
        still_us = now_us - self._moved_us
        patience_us = _PATIENCE_US if self._began_us is None else _STILL_US
        if still_us > patience_us and not self._leaves_it:
            if still_us > patience_us + self._senses.reaction_us:
                self._at_stop_us = self._mark_us
                return "stopped"
            return None
        if now_us - self._pressed_us < _REPEAT_US:
            return None
        self._pressed_us = now_us
        return "further"

    def _unhurried(self, wizard: Wizard, mouth: Mouth, now_us: int) -> str | None:
        """Look when the servo is there, think, then answer."""
        if not wizard.takes_answers:
            self._ready_us = None
            return None
        if self._ready_us is None:
            self._ready_us = now_us
        if now_us - self._ready_us < self._senses.reaction_us:
            return None
        name = wizard.prompt.name
        if name in ("back", "leave"):
            return _yes(abs(mouth.at_us - self._at_stop_us) >= self._senses.sees_us)
        if name == "step":
            return _yes(abs(mouth.at_us - self._mark_us) >= self._senses.sees_us)
        if name == "direction":
            return "open" if mouth.openness > 0.5 else "closed"
        if name == "safety":
            mouth.horn_on = not self._horn_off
            return "horn_off" if self._horn_off else "inside"
        if name == "horn":
            assert wizard.jog is not None
            mouth.put_horn_on(wizard.jog.pulse_us)
            return "done"
        return self._given(name)

    def _unseeing(self, wizard: Wizard, now_us: int) -> str | None:
        name = wizard.prompt.name
        if name == "menu":
            return next_channel([*self._mouths], wizard)
        return self._given(name)

    def _given(self, name: str) -> str | None:
        return self._answers.get(name)


def next_channel(names: Sequence[str], wizard: Wizard) -> str:
    """Return the answer that chooses the first channel not found yet, or ends."""
    for number, name in enumerate(names):
        if name not in wizard.found:
            return f"channel {number}"
    return "finish"


def _yes(seen: bool) -> str:
    return "yes" if seen else "no"
