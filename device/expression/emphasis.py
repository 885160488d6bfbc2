"""Stressed syllables: those that stand out from the last few by level and pitch. Integers only."""

from __future__ import annotations

from mandible.device.expression.baseline import Usual
from mandible.device.expression.syllables import Syllable
from mandible.device.frames import HOP_MS

FULL = 255

_MEMORY_SYLLABLES = 6
# Nobody stands out before there is something to stand out from.
_KNOWN_SYLLABLES = 3
# A semitone higher weighs as much as 1.5 dB louder; 6 dB together are an accent, and 12 a full one.
_CDB_PER_CENT_NUMERATOR, _CDB_PER_CENT_DENOMINATOR = 3, 2
_ACCENT_CDB, _FULL_CDB = 600, 1200
_LEAST = 150
_REFRACTORY_HOPS = 300 // HOP_MS
_RISE_PER_HOP = 64
_FALL_HOPS = 250 // HOP_MS


class Emphasis:
    """Takes 10 ms at a time, and a syllable where one has just become known."""

    def __init__(self) -> None:
        self._level, self._pitch = Usual(_MEMORY_SYLLABLES), Usual(_MEMORY_SYLLABLES)
        self.reset()

    def reset(self) -> None:
        """Start at rest, with no syllable heard."""
        self._level.reset()
        self._pitch.reset()
        self._goal = self._value = self._peak = 0
        self._since_accent = _REFRACTORY_HOPS

    def step(self, syllable: Syllable | None) -> int:
        """Return the envelope, 0..255: up within 40 ms of an accent's discovery, down again over 250 ms."""
        self._since_accent = min(self._since_accent + 1, _REFRACTORY_HOPS)
        if syllable is not None:
            self._weigh(syllable)
        if self._value < self._goal:
            self._value = min(self._value + _RISE_PER_HOP, self._goal)
            if self._value == self._goal:
                self._peak, self._goal = self._goal, 0
        else:
            self._value = max(self._value - -(-self._peak // _FALL_HOPS), 0)
        return self._value

    def _weigh(self, syllable: Syllable) -> None:
        if self._level.count >= _KNOWN_SYLLABLES and self._since_accent >= _REFRACTORY_HOPS:
            higher_cents = syllable.pitch_cents - self._pitch.value
            prominence_cdb = (
                syllable.level_cdb
                - self._level.value
                + higher_cents * _CDB_PER_CENT_NUMERATOR // _CDB_PER_CENT_DENOMINATOR
            )
            if prominence_cdb >= _ACCENT_CDB:
                surplus = min(prominence_cdb, _FULL_CDB) - _ACCENT_CDB
                self._goal = _LEAST + surplus * (FULL - _LEAST) // (_FULL_CDB - _ACCENT_CDB)
                self._since_accent = 0
        self._level.take(syllable.level_cdb)
        self._pitch.take(syllable.pitch_cents)
