"""What is done to a batch of chunks: all that is random about it, drawn before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS, MEL_BANDS
from mandible.models.augment.backgrounds import Pool
from mandible.models.augment.synthesis import Floats

NOISE_SHARE, SNR_DB = 0.7, (0.0, 30.0)
NOISE_TILT_DB = 6.0
ALONE_SHARE, ALONE_DB = 0.03, (-50.0, 0.0)
RUMBLE_SHARE, RUMBLE_SNR_DB = 0.15, (-6.0, 15.0)
BLUR_SHARE = 0.1
GAIN_DB = 12.0
TONE_SHARE = 0.6  # of the chunks; all that follows changes the tone
TILT_DB = 12.0  # between the lowest and the highest band
COLOUR_SHARE, COLOUR_DB, COLOUR_LIMIT_DB = 0.6, 5.0, 14.0
HIGH_PASS_SHARE, LOW_PASS_SHARE, TELEPHONE_SHARE = 0.2, 0.1, 0.05
TELEPHONE_BANDS = (6, 28)  # the mel bands between 300 and 3400 Hz
# Dropouts are rare: small networks have nothing to spare for them (docs/decisions/0006).
BAND_DROPOUT_SHARE, BAND_DROPOUT_BANDS = 0.2, 5
HOP_DROPOUT_SHARE, HOP_DROPOUT_HOPS = 0.1, 6

_BAND = np.arange(MEL_BANDS, dtype=np.float64)

Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """What is done to each of b chunks.

    Attributes:
        names: of the pool's sounds.
        alone: (b,) bool, whether the chunk becomes noise alone.
        alone_db: (b,) level of the noise there, against the pool's -23 dBFS.
        sound, start: (b,) which noise, and its first hop.
        snr_db: (b,) speech against noise; infinite where there is none.
        noise_tilt_db: (b,) tilt of the noise from the lowest to the highest band.
        rumble_start, rumble_snr_db: (b,) the same of the rumble.
        blurred: (b,) bool, whether neighbouring hops run into each other.
        gain_db: (b,) change of level.
        tone_db: (b, 40) change of each band.
        tone_words: per chunk, what the tone is made of.
        bands: per chunk, (first, end) of the bands that drop out.
        gap: (b, 2) first and end of the hops that drop out; equal where none do.
    """

    names: tuple[str, ...]
    alone: NDArray[np.bool_]
    alone_db: Floats32
    sound: Ints
    start: Ints
    snr_db: Floats32
    noise_tilt_db: Floats32
    rumble_start: Ints
    rumble_snr_db: Floats32
    blurred: NDArray[np.bool_]
    gain_db: Floats32
    tone_db: Floats32
    tone_words: tuple[tuple[str, ...], ...]
    bands: tuple[tuple[tuple[int, int], ...], ...]
    gap: Ints

    def described(self, chunk: int) -> list[str]:
        """Return what is done to one chunk, a few words each."""
        name, words = self.names[self.sound[chunk]], []
        if self.alone[chunk]:
            words.append(f"{name} alone, {self.alone_db[chunk]:+.0f} dB")
        elif np.isfinite(self.snr_db[chunk]):
            words.append(f"{name}, {self.snr_db[chunk]:.0f} dB SNR")
        if np.isfinite(self.rumble_snr_db[chunk]):
            words.append(f"rumble, {self.rumble_snr_db[chunk]:.0f} dB SNR")
        if self.blurred[chunk]:
            words.append("blur")
        if self.gain_db[chunk]:
            words.append(f"gain {self.gain_db[chunk]:+.0f} dB")
        words += self.tone_words[chunk]
        words += [
            f"bands {low} to {end - 1} out" if end > low + 1 else f"band {low} out"
            for low, end in self.bands[chunk]
        ]
        first, end = self.gap[chunk]
        return [*words, f"{HOP_MS * (end - first)} ms out"] if end > first else words


def colour_db(rng: np.random.Generator) -> Floats:
    """Draw the broad colour, (40,) dB, in which voices and microphones differ most."""
    knots = np.linspace(0, MEL_BANDS - 1, rng.integers(4, 9))
    curve = rng.normal(0.0, COLOUR_DB, len(knots)).clip(-COLOUR_LIMIT_DB, COLOUR_LIMIT_DB)
    across: Floats = np.interp(_BAND, knots, curve)
    return across


def high_pass_db(corner_band: int, db_per_band: float) -> Floats:
    """Return the (40,) dB of a small loudspeaker or a high-pass filter: less and less under a band."""
    return -np.maximum(0, corner_band - _BAND) * db_per_band


def low_pass_db(corner_band: int, db_per_band: float) -> Floats:
    """Return the (40,) dB of a low-pass filter: less and less over a band."""
    return -np.maximum(0, _BAND - corner_band) * db_per_band


def telephone_db(db_per_band: float) -> Floats:
    """Return the (40,) dB of a telephone line, which falls off outside 300 to 3400 Hz."""
    first, end = TELEPHONE_BANDS
    return -np.maximum(0, np.maximum(first - _BAND, _BAND - end + 1)) * db_per_band


def _tone(rng: np.random.Generator) -> tuple[Floats32, tuple[str, ...]]:
    """Draw the (40,) dB of a voice, a microphone and a line, and words for it."""
    if rng.random() >= TONE_SHARE:
        return np.zeros(MEL_BANDS, np.float32), ()
    tilt_db = rng.uniform(-TILT_DB, TILT_DB)
    tone_db, words = tilt_db * (_BAND / (MEL_BANDS - 1) - 0.5), [f"tilt {tilt_db:+.0f} dB"]
    coloured, high, low, telephone = rng.random(4) < (
        COLOUR_SHARE,
        HIGH_PASS_SHARE,
        LOW_PASS_SHARE,
        TELEPHONE_SHARE,
    )
    if coloured:
        tone_db += colour_db(rng)
        words.append("colour")
    if high:
        tone_db += high_pass_db(int(rng.integers(1, 8)), rng.uniform(1.0, 6.0))
        words.append("high-pass")
    if low:
        tone_db += low_pass_db(int(rng.integers(28, 39)), rng.uniform(2.0, 8.0))
        words.append("low-pass")
    if telephone:
        tone_db += telephone_db(rng.uniform(4.0, 10.0))
        words.append("telephone")
    return tone_db.astype(np.float32), tuple(words)


def _bands(rng: np.random.Generator) -> tuple[tuple[int, int], ...]:
    if rng.random() >= BAND_DROPOUT_SHARE:
        return ()
    low, width = int(rng.integers(MEL_BANDS)), int(rng.integers(1, BAND_DROPOUT_BANDS + 1))
    return ((low, min(MEL_BANDS, low + width)),)


def _sometimes(rng: np.random.Generator, share: float, limits: tuple[float, float], count: int) -> Floats32:
    values = rng.uniform(*limits, count)
    values[rng.random(count) >= share] = np.inf
    return values.astype(np.float32)


def draw(rng: np.random.Generator, pool: Pool, rumble_hops: int, chunks: int, hops: int) -> Recipe:
    """Draw what to do to ``chunks`` chunks of ``hops`` hops."""
    alone = rng.random(chunks) < ALONE_SHARE
    alone_db = rng.uniform(*ALONE_DB, chunks).astype(np.float32)
    sound = rng.choice(len(pool.names), size=chunks, p=pool.chance)
    start = rng.integers(pool.hops[sound])
    snr_db = _sometimes(rng, NOISE_SHARE, SNR_DB, chunks)
    noise_tilt_db = rng.uniform(-NOISE_TILT_DB, NOISE_TILT_DB, chunks).astype(np.float32)
    rumble_start = rng.integers(rumble_hops, size=chunks)
    rumble_snr_db = _sometimes(rng, RUMBLE_SHARE, RUMBLE_SNR_DB, chunks)
    blurred = rng.random(chunks) < BLUR_SHARE
    gain_db = rng.uniform(-GAIN_DB, GAIN_DB, chunks).astype(np.float32)
    tones = [_tone(rng) for _ in range(chunks)]
    bands = tuple(_bands(rng) for _ in range(chunks))
    first = rng.integers(hops, size=chunks)
    length = rng.integers(1, HOP_DROPOUT_HOPS + 1, size=chunks) * (rng.random(chunks) < HOP_DROPOUT_SHARE)
    gap = np.stack([first, np.minimum(first + length, hops)], axis=1)
    return Recipe(
        pool.names,
        alone,
        alone_db,
        sound,
        start,
        snr_db,
        noise_tilt_db,
        rumble_start,
        np.where(alone, np.float32(np.inf), rumble_snr_db),
        blurred,
        gain_db,
        np.stack([tone_db for tone_db, _ in tones]),
        tuple(words for _, words in tones),
        bands,
        gap,
    )


def unchanged(pool: Pool, chunks: int) -> Recipe:
    """Return the recipe that leaves chunks as they are, to show or test one change at a time."""
    none, zeros = np.full(chunks, np.inf, np.float32), np.zeros(chunks, np.float32)
    nothing: Ints = np.zeros(chunks, np.int64)
    return Recipe(
        names=pool.names,
        alone=np.zeros(chunks, bool),
        alone_db=zeros,
        sound=nothing,
        start=nothing,
        snr_db=none,
        noise_tilt_db=zeros,
        rumble_start=nothing,
        rumble_snr_db=none,
        blurred=np.zeros(chunks, bool),
        gain_db=zeros,
        tone_db=np.zeros((chunks, MEL_BANDS), np.float32),
        tone_words=((),) * chunks,
        bands=((),) * chunks,
        gap=np.zeros((chunks, 2), np.int64),
    )
