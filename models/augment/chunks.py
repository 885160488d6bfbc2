"""Noise, level, tone and dropouts, drawn anew for every chunk of a batch and applied to all at once.

A feature is an int8 number of half-decibel steps, so its power comes from a table of 256 entries, and
everything else is single precision: training waits for this. 32 chunks of 300 hops take 4.4 ms on one core of
a server (AMD EPYC with AVX-512).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import MEL_BANDS
from mandible.device.frontend.reference import STEPS_PER_OCTAVE, ZERO_LOG2
from mandible.models.augment import recipe
from mandible.models.augment.backgrounds import Pool, backgrounds, rumble
from mandible.models.augment.recipe import Recipe
from mandible.models.utterance import Utterance

Mels = NDArray[np.int8]
Floats32 = NDArray[np.float32]
STEPS_PER_DB = float(STEPS_PER_OCTAVE / (10 * np.log10(2)))
LOWEST, HIGHEST = -ZERO_LOG2 * STEPS_PER_OCTAVE, 127  # of what the front end says; LOWEST is digital silence
# A hop counts as speech where its power is above this share of the chunk's 95th percentile (-15 dB).
SPEECH_SHARE, LOUD_PERCENTILE = 0.03, 95
# A piece of noise is brought to the asked level as if it were at most this much quieter than its whole
# sound, so that the pause between two barks does not become a hiss.
QUIETEST_PIECE = 0.01
# Power of every int8 feature, in the order of the bytes that hold them: 0 to 127, then -128 to -1.
POWER = np.exp2(np.arange(256, dtype=np.uint8).view(np.int8) / STEPS_PER_OCTAVE).astype(np.float32)
_STEPS_PER_NEPER = np.float32(STEPS_PER_OCTAVE / np.log(2))


def power_of(mels: Mels) -> Floats32:
    """(...) int8 features -> (...) float32 power."""
    return POWER[mels.view(np.uint8)]


def _ratio(db: Floats32) -> Floats32:
    ratio: Floats32 = np.power(np.float32(10.0), db / np.float32(10.0))
    return ratio


def speech_level(totals: Floats32) -> Floats32:
    """(b, hops) power of each hop -> (b,) mean power of the hops in which somebody speaks."""
    rank = min(totals.shape[1] - 1, totals.shape[1] * LOUD_PERCENTILE // 100)
    loud = np.partition(totals, rank, axis=1)[:, rank, None]
    speaking = totals >= SPEECH_SHARE * loud
    level: Floats32 = np.sum(totals * speaking, axis=1) / np.sum(speaking, axis=1, dtype=np.float32)
    return level


class ChunkAugmenter:
    """Changes batches of chunks; keeps no state between them."""

    def __init__(self, directory: Path, voices: list[Utterance], rng: np.random.Generator) -> None:
        """Prepare the noise.

        Args:
            directory: corpus directory; its free noise recordings are used.
            voices: utterances that babble is made of; none, no babble.
            rng: for the synthetic noise.

        Raises:
            InputError: a noise recording or its index is unusable.
        """
        self.pool: Pool = backgrounds(directory, voices, rng)
        self._sound_level = np.array(
            [
                power_of(self.pool.mels[first : first + hops]).sum(axis=1).mean()
                for first, hops in zip(self.pool.first, self.pool.hops, strict=True)
            ],
            np.float32,
        )
        self._rumble = rumble(rng)

    def batch(self, mels: Mels, rng: np.random.Generator) -> tuple[Mels, NDArray[np.bool_]]:
        """Return changed copies of chunks.

        Args:
            mels: (b, hops, 40) int8 features.
            rng: what is done is drawn from it, and nothing else.

        Returns:
            (b, hops, 40) int8 features, and (b,) bool: True where only noise is left, so that the labels
            are to be silence.
        """
        drawn = self.draw(rng, *mels.shape[:2])
        return self.apply(mels, drawn), drawn.alone

    def draw(self, rng: np.random.Generator, chunks: int, hops: int) -> Recipe:
        """Draw what to do to a batch of ``chunks`` chunks of ``hops`` hops."""
        return recipe.draw(rng, self.pool, len(self._rumble), chunks, hops)

    def apply(self, mels: Mels, drawn: Recipe) -> Mels:
        """(b, hops, 40) int8 -> the same as the recipe has it."""
        steps = self._mixed(mels, drawn)
        np.log(steps, out=steps)
        steps *= _STEPS_PER_NEPER
        _blur(steps, np.flatnonzero(drawn.blurred))
        steps += ((drawn.tone_db + drawn.gain_db[:, None]) * np.float32(STEPS_PER_DB))[:, None, :]
        _drop(steps, drawn)
        np.rint(steps, out=steps)
        np.clip(steps, LOWEST, HIGHEST, out=steps)
        return steps.astype(np.int8)

    def _mixed(self, mels: Mels, drawn: Recipe) -> Floats32:
        """Return the power of speech and noise together."""
        power = power_of(np.ascontiguousarray(mels))
        level = speech_level(power.sum(axis=2))
        noisy = np.flatnonzero(drawn.alone | np.isfinite(drawn.snr_db))
        sound, hops = drawn.sound[noisy], mels.shape[1]
        noise = power_of(self.pool.mels[self.pool.rows(sound, drawn.start[noisy], hops)])
        noise *= _tilt(drawn.noise_tilt_db[noisy])[:, None, :]
        noise_level = np.maximum(noise.sum(axis=2).mean(axis=1), QUIETEST_PIECE * self._sound_level[sound])
        alone = drawn.alone[noisy]
        with np.errstate(over="ignore"):
            wanted = level[noisy] * _ratio(-drawn.snr_db[noisy]) / noise_level
        noise *= np.where(alone, _ratio(drawn.alone_db[noisy]), wanted)[:, None, None]
        power[drawn.alone] = 0.0
        power[noisy] += noise
        rumbling = np.flatnonzero(np.isfinite(drawn.rumble_snr_db))
        rows = (drawn.rumble_start[rumbling][:, None] + np.arange(hops)) % len(self._rumble)
        low = power_of(self._rumble[rows])
        wanted = level[rumbling] * _ratio(-drawn.rumble_snr_db[rumbling]) / low.sum(axis=2).mean(axis=1)
        power[rumbling] += low * wanted[:, None, None]
        return power


def _tilt(tilt_db: Floats32) -> Floats32:
    """(b,) dB from the lowest to the highest band -> (b, 40) factors of power."""
    across = np.linspace(-0.5, 0.5, MEL_BANDS, dtype=np.float32)
    return _ratio(tilt_db[:, None] * across)


def _blur(steps: Floats32, chunks: NDArray[np.int64]) -> None:
    """Let hops run into their neighbours: vocoders and noise suppressors smear what happens within 30 ms."""
    for chunk in chunks:
        padded = np.pad(steps[chunk], ((1, 1), (0, 0)), mode="edge")
        steps[chunk] = (padded[:-2] + padded[1:-1] + padded[2:]) / 3


def _drop(steps: Floats32, drawn: Recipe) -> None:
    """Overwrite bands with the chunk's mean, and hops with its lowest value."""
    for chunk, bands in enumerate(drawn.bands):
        first, end = drawn.gap[chunk]
        if bands:
            mean = steps[chunk].mean()
            for low, high in bands:
                steps[chunk, :, low:high] = mean
        if end > first:
            steps[chunk, first:end] = steps[chunk].min()
