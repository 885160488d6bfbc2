"""Automatic gain that brings a voice to the level the models know, and moves for nothing but a voice.

It never pumps: the gain follows the loud hops of speech only, at a few dB a second, and stands still in
pauses, silence and steady noise, which therefore never swell. Only clipping makes it fall faster.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from mandible.device.audio.high_pass import Samples
from mandible.device.frames import HOP_MS

# Mean level of the loud hops (those within 10 dB of the loudest) in dB of full scale: the median over 105
# recordings of the corpora the models learnt from was -20, and half of them lay between -23 and -16.
TARGET_DB = -20.0
LEAST_DB, MOST_DB = -12.0, 30.0
# Within this of the target nothing moves: the models do not hear 2 dB.
DEAD_BAND_DB = 2.0
# Per loud hop. In speech some 20 to 50 hops of a second are loud: 1 to 2.5 dB/s, and 4 to 10 until the voice
# was first brought to its level.
SLOW_STEP_DB = 0.05
FIRST_STEP_DB = 0.2
# Falling out of clipping: 25 dB/s. A single click costs less than 1 dB.
CLIPPING_STEP_DB = 0.25
CLIPPING = 32_700.0
# The level is smoothed over 20 ms. Within the window, steady noise spreads over 3 to 6 dB, clean speech over
# 23 and more. Of 16 dB, noises that are not steady (rain, dishes, engines, babble) get half of what 9 would
# let them do, and a voice 15 dB above a steady noise still comes up.
SMOOTHING = 1 / 2
WINDOW_MS, BUCKET_MS = 1000, 100
SPREAD_DB = 16.0
LOUD_DB = 10.0
# A knock or a key is loud for less than the first; a stressed vowel is longer. What is loud for longer than
# the second without a break is no syllable: a noise that sets in moves the gain by less than 1 dB.
LOUD_RUN_HOPS = 8
LONGEST_RUN_HOPS = 25
# Under this, a voice that needs more than the bounds allow is no voice.
FAINTEST_DB = -62.0
# Smoothing of the voice's own level, per loud hop: half a second of speech.
LEVEL_SMOOTHING = 1 / 25

_FULL_SCALE_POWER = 32768.0**2
_NOTHING = 1e-12
_BUCKETS = WINDOW_MS // BUCKET_MS
_BUCKET_HOPS = BUCKET_MS // HOP_MS


class AutomaticGain:
    """One gain for each hop, in dB and always within ``LEAST_DB`` to ``MOST_DB``; deterministic.

    State: the gain; the voice's level (None until the first loud hop); the smoothed power of the last hops;
    the least and the greatest smoothed level of each of the last ten tenths of a second, of which the least
    of all is the noise floor; and how many loud hops have followed one another.

    Args:
        start_db: the gain to begin with.
    """

    def __init__(self, start_db: float = 0.0) -> None:
        self._start_db = min(max(start_db, LEAST_DB), MOST_DB)
        self.reset()

    def reset(self) -> None:
        """Forget every voice."""
        self.gain_db = self._start_db
        self._voice_db: float | None = None
        self._settled = False
        self._power = 0.0
        self._floors_db: deque[float] = deque([0.0], _BUCKETS)
        self._peaks_db: deque[float] = deque([-120.0], _BUCKETS)
        self._bucket_hops = 0
        self._loud_hops = 0

    def step(self, samples: Samples) -> float:
        """Take (160,) samples in int16's scale as they come in; return the gain in dB to give them."""
        energy = float(np.dot(samples, samples))
        power = energy / len(samples) / _FULL_SCALE_POWER
        self._power += SMOOTHING * (power - self._power)
        level_db = 10 * math.log10(self._power + _NOTHING)
        floor_db, peak_db = self._window(level_db)
        loud = level_db > max(peak_db - LOUD_DB, floor_db + SPREAD_DB, FAINTEST_DB)
        self._loud_hops = self._loud_hops + 1 if loud else 0
        if LOUD_RUN_HOPS <= self._loud_hops <= LONGEST_RUN_HOPS:
            self._follow(level_db)
        loudest = CLIPPING / 10 ** (self.gain_db / 20)
        # No sample can be larger than the root of the hop's energy: mostly there is nothing to look for.
        if energy > loudest * loudest and float(np.abs(samples).max()) > loudest:
            self.gain_db = max(self.gain_db - CLIPPING_STEP_DB, min(self.gain_db, LEAST_DB))
        return self.gain_db

    def _window(self, level_db: float) -> tuple[float, float]:
        """The least and the greatest level of the last second, this one included."""
        if self._bucket_hops == _BUCKET_HOPS:
            self._bucket_hops = 0
            self._floors_db.append(level_db)
            self._peaks_db.append(level_db)
        self._bucket_hops += 1
        self._floors_db[-1] = min(self._floors_db[-1], level_db)
        self._peaks_db[-1] = max(self._peaks_db[-1], level_db)
        return min(self._floors_db), max(self._peaks_db)

    def _follow(self, level_db: float) -> None:
        """Move towards the gain that brings the voice to its level."""
        if self._voice_db is None:
            self._voice_db = level_db
        self._voice_db += LEVEL_SMOOTHING * (level_db - self._voice_db)
        missing_db = TARGET_DB - self._voice_db - self.gain_db
        if abs(missing_db) <= DEAD_BAND_DB:
            self._settled = True
            return
        step_db = SLOW_STEP_DB if self._settled else FIRST_STEP_DB
        moved_db = self.gain_db + math.copysign(step_db, missing_db)
        self.gain_db = min(max(moved_db, LEAST_DB), MOST_DB)
