"""Finds syllables: each is a hill of the level under 2 kHz with a voice on it. Integers only.

After P. Mermelstein, "Automatic segmentation of speech into syllabic units" (JASA 58, 1975): a hill counts
when the level has risen far enough from the last valley, and is known when the level has left its top.
"""

from __future__ import annotations

from dataclasses import dataclass

from mandible.device.expression.voice import SILENCE_CDB, Voice

_RISE_CDB = 300
_FALL_CDB = 200
# A top that is flat is known after so many blocks, too; 80 ms.
_TOP_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class Syllable:
    """The top of one hill: level in 0.01 dB, and the highest pitch on the way up there, in cents."""

    level_cdb: int
    pitch_cents: int


class Syllables:
    """Takes 20 ms at a time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start in silence."""
        self._valley_cdb = SILENCE_CDB
        self._rising = False
        self._top_cdb = SILENCE_CDB
        self._age = 0
        self._pitch_cents: int | None = None

    def step(self, voice: Voice) -> Syllable | None:
        """Return the syllable whose top has just been passed, or None."""
        level = voice.level_cdb
        if not self._rising:
            self._valley_cdb = min(self._valley_cdb, level)
            if level < self._valley_cdb + _RISE_CDB:
                return None
            self._rising, self._top_cdb, self._age, self._pitch_cents = True, level, 0, None
        if voice.pitch_cents is not None:
            self._pitch_cents = max(self._pitch_cents or 0, voice.pitch_cents)
        if level > self._top_cdb:
            self._top_cdb, self._age = level, 0
        else:
            self._age += 1
        if level > self._top_cdb - _FALL_CDB and self._age < _TOP_BLOCKS:
            return None
        self._rising, self._valley_cdb = False, level
        return None if self._pitch_cents is None else Syllable(self._top_cdb, self._pitch_cents)
