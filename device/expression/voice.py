"""Level and pitch of a voice, every 20 ms, from its lowest 2 kHz.

Sums of products are taken in float64, where whole numbers of this size are exact in any order of adding, so
that every processor comes to the same ones.

Pitch is where the normalised cross-correlation of a window with its own past peaks (D. Talkin, "A robust
algorithm for pitch tracking", in Speech Coding and Synthesis, 1995), at the shortest lag that is nearly best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ, Pcm

BLOCK_HOPS = 2
BLOCK_MS = 20
CENTS_PER_OCTAVE = 1200
LOWEST_HZ, HIGHEST_HZ = 60, 400

_DECIMATION = 4
_RATE_HZ = SAMPLE_RATE_HZ // _DECIMATION
_BLOCK_SAMPLES = BLOCK_HOPS * HOP_SAMPLES
_BLOCK = _BLOCK_SAMPLES // _DECIMATION
_WINDOW = 200  # 50 ms
_LONGEST_LAG = -(-_RATE_HZ // LOWEST_HZ)
_SHORTEST_LAG = _RATE_HZ // HIGHEST_HZ
_HEAD = _WINDOW - _LONGEST_LAG - 1
# Noise, with its lowest 2 kHz left, seldom correlates with itself by more than 0.45.
_VOICED = 0.6
_NEARLY_BEST = 0.87
# Two estimates in a row that are farther apart than this are no voice: nobody glides 3 semitones in 20 ms.
_LARGEST_STEP_CENTS = 300
# Under one step of the samples (RMS) nothing can be told.
_LEAST_ENERGY = _BLOCK * _DECIMATION**2
SILENCE_CDB = 0


@dataclass(slots=True)
class Voice:
    """What 20 ms of sound hold.

    Attributes:
        level_cdb: level under 2 kHz in 0.01 dB over an arbitrary zero; 0 is silence.
        pitch_cents: pitch in cents over 1 Hz; None where nothing is voiced.
    """

    level_cdb: int = SILENCE_CDB
    pitch_cents: int | None = None


class VoiceTracker:
    """Follows one voice, two hops at a time."""

    def __init__(self) -> None:
        self._sound = np.zeros(_BLOCK_SAMPLES)
        self._groups = self._sound.reshape(-1, _DECIMATION)
        self._ones = np.ones(_DECIMATION)
        self._window = np.zeros(_WINDOW)
        self._block = self._window[-_BLOCK:]
        self._centred = np.zeros(_WINDOW)
        self._newest = self._centred[-_BLOCK:]
        self._head = self._centred[:_HEAD]
        self._energies = np.zeros(_WINDOW + 1)
        self._later, self._earlier = self._energies[_HEAD:], self._energies[:-_HEAD]
        self._squares = np.zeros(_WINDOW)
        self._likeness = np.zeros(_WINDOW - _HEAD + 1)
        self._searched = self._likeness[_SHORTEST_LAG - 1 :]
        # Views of the same arrays, made once: they cost as much as the arithmetic.
        self._older, self._kept = self._window[:-_BLOCK], self._window[_BLOCK:]
        self._halves = self._sound[:HOP_SAMPLES], self._sound[HOP_SAMPLES:]
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._window[:] = 0
        self._raw_cents: int | None = None

    def take(self, pcm: Pcm, half: int) -> None:
        """Take the first (``half`` 0) or second (1) hop of a block: (160,) int16."""
        self._halves[half][:] = pcm

    def step(self, shut: bool) -> Voice:
        """Return level and pitch of the block that was taken; ``shut``: nothing is to be listened for."""
        self._older[:] = self._kept
        np.dot(self._groups, self._ones, out=self._block)
        np.subtract(self._window, float(round(float(self._window.sum()) / _WINDOW)), out=self._centred)
        energy = float(self._newest.dot(self._newest))
        if shut or energy < _LEAST_ENERGY:
            self._raw_cents = None
            return Voice()
        before, now = self._raw_cents, self._pitch_cents()
        self._raw_cents = now
        steady = before is not None and now is not None and abs(now - before) <= _LARGEST_STEP_CENTS
        return Voice(round(1000 * math.log10(energy / _LEAST_ENERGY)), now if steady else None)

    def _pitch_cents(self) -> int | None:
        products = np.correlate(self._centred, self._head)
        np.multiply(self._centred, self._centred, out=self._squares)
        np.add.accumulate(self._squares, out=self._energies[1:])
        scale = self._likeness
        np.subtract(self._later, self._earlier, out=scale)
        np.multiply(scale, float(scale[0]), out=scale)
        np.add(scale, 1.0, out=scale)
        np.sqrt(scale, out=scale)
        np.divide(products, scale, out=self._likeness)
        lag = _period(self._searched.tolist())
        return None if lag is None else round(CENTS_PER_OCTAVE * math.log2(_RATE_HZ / lag))


def _period(likeness: list[float]) -> float | None:
    """The lag, between samples, of the first peak nearly as high as any; ``likeness`` starts one early."""
    best = max(likeness[1:-1])
    if best < _VOICED:
        return None
    enough = _NEARLY_BEST * best
    for i in range(1, len(likeness) - 1):
        if likeness[i] >= enough:
            left, here, right = likeness[i - 1], likeness[i], likeness[i + 1]
            if left <= here > right:
                return _SHORTEST_LAG - 1 + i + _summit(left, here, right)
    return None


def _summit(left: float, here: float, right: float) -> float:
    """Where the parabola through three neighbours peaks, -0.5 to 0.5 from the middle one."""
    return 0.5 * (left - right) / (left - 2 * here + right)
