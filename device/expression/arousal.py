"""How lively a speaker is, next to how the same speaker usually is. Integers only.

Louder, higher and faster than usual is what listeners hear as aroused, whatever the words (K. Scherer, "Vocal
communication of emotion", Speech Communication 40, 2003). Each is compared with a slow mean of the speaker's
own voice, so that neither gain nor a deep voice matters.
"""

from __future__ import annotations

from mandible.device.expression.baseline import Usual, UsualPitch
from mandible.device.expression.syllables import Syllable
from mandible.device.expression.voice import BLOCK_MS, SILENCE_CDB, Voice
from mandible.device.fixed_time import ALPHA_BITS

FULL = 255
# Ordinary speech of a speaker who is known; silence is 0.
ORDINARY = 100

# Half a minute of voice.
_MEMORY_BLOCKS = 30_000 // BLOCK_MS
_RECENT_BLOCKS = 500 // BLOCK_MS
# Only vowels near their top tell how loud and how high: blocks so close to the peaks, which sink so fast.
_NEAR_PEAK_CDB, _PEAK_SINKS_CDB = 1200, 20
# One more than usual of each is worth so much of 255, up to the bound.
_PER_DB, _MOST_CDB = 7, 1200
_PER_SEMITONE, _MOST_CENTS = 10, 800
_PER_SYLLABLE_PER_S, _MOST_MILLIHZ = 10, 3000
# Speech goes on through pauses of this length, and a tone that changes in nothing for this long is none.
_PAUSE_BLOCKS = 500 // BLOCK_MS
_MONOTONE_BLOCKS = 1500 // BLOCK_MS
_CHANGE_CENTS = 100


def _share(time_constant_ms: int) -> int:
    return (BLOCK_MS << ALPHA_BITS) // (time_constant_ms + BLOCK_MS)


_RATE_SHARE = _share(1500)
_ROUSE_SHARE = _share(600)
_CALM_SHARE = _share(1000)
_SYLLABLE_MILLIHZ = 1_000_000 // BLOCK_MS


class Arousal:
    """Takes 20 ms at a time."""

    def __init__(self) -> None:
        self._usual_level, self._level = Usual(_MEMORY_BLOCKS), Usual(_RECENT_BLOCKS)
        self._usual_rate = Usual(_MEMORY_BLOCKS)
        self._usual_pitch, self._pitch = UsualPitch(), Usual(_RECENT_BLOCKS)
        self.reset()

    def reset(self) -> None:
        """Start calm, knowing nobody."""
        for usual in (self._usual_level, self._level, self._usual_rate, self._pitch):
            usual.reset()
        self._usual_pitch.reset()
        self._rate_millihz = 0
        self._still_blocks = self._unvoiced_blocks = _MONOTONE_BLOCKS
        self._anchor_cents = 0
        self._peak_cdb = SILENCE_CDB
        self._state = 0

    def step(self, voice: Voice, syllable: Syllable | None) -> int:
        """Return arousal, 0..255."""
        self._follow(voice, syllable)
        speaks = self._unvoiced_blocks < _PAUSE_BLOCKS and self._still_blocks < _MONOTONE_BLOCKS
        target = self._lively() if speaks else 0
        step = (target << ALPHA_BITS) - self._state
        self._state += step * (_ROUSE_SHARE if step > 0 else _CALM_SHARE) >> ALPHA_BITS
        return min(self._state + (1 << (ALPHA_BITS - 1)) >> ALPHA_BITS, FULL)

    def _follow(self, voice: Voice, syllable: Syllable | None) -> None:
        self._still_blocks += 1
        self._unvoiced_blocks += 1
        if syllable is not None:
            self._still_blocks = 0
        if self._unvoiced_blocks < _PAUSE_BLOCKS:
            heard = 0 if syllable is None else _SYLLABLE_MILLIHZ
            self._rate_millihz += (heard - self._rate_millihz) * _RATE_SHARE >> ALPHA_BITS
        cents = voice.pitch_cents
        if cents is None:
            return
        self._unvoiced_blocks = 0
        if abs(cents - self._anchor_cents) > _CHANGE_CENTS:
            self._anchor_cents, self._still_blocks = cents, 0
        self._peak_cdb = max(voice.level_cdb, self._peak_cdb - _PEAK_SINKS_CDB)
        if self._still_blocks < _MONOTONE_BLOCKS and voice.level_cdb > self._peak_cdb - _NEAR_PEAK_CDB:
            self._usual_level.take(voice.level_cdb)
            self._level.take(voice.level_cdb)
            self._usual_pitch.take(cents)
            self._pitch.take(cents)
            self._usual_rate.take(self._rate_millihz)

    def _lively(self) -> int:
        louder = _bounded(self._level.value - self._usual_level.value, _MOST_CDB) * _PER_DB // 100
        higher = _bounded(self._pitch.value - self._usual_pitch.value, _MOST_CENTS) * _PER_SEMITONE // 100
        rate_millihz = _bounded(self._rate_millihz - self._usual_rate.value, _MOST_MILLIHZ)
        faster = rate_millihz * _PER_SYLLABLE_PER_S // 1000
        return max(0, min(ORDINARY + louder + higher + faster, FULL))


def _bounded(value: int, most: int) -> int:
    return max(-most, min(value, most))
