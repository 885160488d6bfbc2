"""Making clean recordings sound like the rooms, microphones and noise that the model will meet.

Rooms and speaking rate are applied to the waveform once, for a second copy of the corpus. Noise, level,
tone and dropouts are drawn anew for every chunk, on the features: one feature step is a fixed ratio of
power, so mixing means adding powers and a level change is an addition.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from mandible.device.frames import MEL_BANDS, SAMPLE_RATE_HZ, Pcm
from mandible.device.frontend import log_mel
from mandible.device.frontend.reference import STEPS_PER_OCTAVE
from mandible.models.corpus import Utterance, read_audio
from mandible.models.visemes import Viseme

STEPS_PER_DB = STEPS_PER_OCTAVE / (10 * np.log10(2))
Mels = NDArray[np.int8]
Floats = NDArray[np.float64]
# Licences under which a noise or room recording may shape a released model (patterns on its index row);
# share-alike material stays out, also where a row leaves open which of its licences holds.
FREE_SOUNDS = ("CC0*", "CC-BY *", "CC BY 4.0*")
SHARE_ALIKE = "*BY-SA*"
SYNTHETIC_NOISE_S = 60


@dataclass(frozen=True)
class Background:
    """A pool of noise features to mix with speech; ``mels`` is (n, 40) int8."""

    mels: Mels


def rooms(directory: Path) -> list[Floats]:
    """Return impulse responses that start at the direct sound and have unit energy."""
    folder = directory / "rir"
    names = sorted(path.name for path in folder.glob("sim_*"))  # simulated: nobody's recording
    names += [row["file"] for row in _free_rows(folder / "index_real.csv")]
    responses = []
    for name in names:
        response = read_audio(folder / name).astype(np.float64)
        response = response[max(0, int(np.argmax(np.abs(response))) - 8) :]
        responses.append(response / np.sqrt(np.sum(response**2)))
    return responses


def _free(licence: str) -> bool:
    return any(fnmatch(licence, pattern) for pattern in FREE_SOUNDS) and not fnmatch(licence, SHARE_ALIKE)


def _free_rows(index: Path) -> list[dict[str, str]]:
    if not index.exists():
        return []
    with index.open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if _free(row["licence"])]


def sound_credits(directory: Path) -> list[dict[str, str]]:
    """Return file, licence and whom to credit for the noise and room recordings that augmentation uses."""
    rows = _free_rows(directory / "noise" / "index.csv") + _free_rows(directory / "rir" / "index_real.csv")
    return [
        {
            "file": row["file"],
            "licence": "CC0" if row["licence"].startswith("CC0") else "CC-BY",
            "credit": f"{row['licence']}; {row['source']}",
        }
        for row in rows
    ]


def _shaped_noise(rng: np.random.Generator, slope: float, above_hz: float, below_hz: float) -> Pcm:
    """Noise whose amplitude falls with frequency to the power ``slope``, at -23 dBFS."""
    count = SYNTHETIC_NOISE_S * SAMPLE_RATE_HZ
    hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ)
    shape = np.where((hz >= above_hz) & (hz <= below_hz), np.maximum(hz, 1.0) ** -slope, 0.0)
    spectrum = shape * (rng.normal(size=len(hz)) + 1j * rng.normal(size=len(hz)))
    return _at_level(np.fft.irfft(spectrum, count))


def _at_level(sound: Floats, rms: float = 2300.0) -> Pcm:
    scaled = sound * (rms / max(1e-9, float(np.sqrt(np.mean(sound**2)))))
    return np.clip(np.round(scaled), -32768, 32767).astype(np.int16)


def _babble(rng: np.random.Generator, voices: list[Utterance]) -> Pcm:
    count = SYNTHETIC_NOISE_S * SAMPLE_RATE_HZ
    mixture = np.zeros(count)
    for _ in range(7):
        talk: list[Pcm] = []
        while sum(map(len, talk)) < count:
            talk.append(read_audio(voices[rng.integers(len(voices))].path))
        line = np.concatenate(talk)[:count].astype(np.float64)
        mixture += line / max(1.0, float(np.sqrt(np.mean(line**2))))
    return _at_level(mixture)


def backgrounds(directory: Path, voices: list[Utterance], rng: np.random.Generator) -> list[Background]:
    """Return noise to mix in: free recordings, coloured noise, and babble of training voices."""
    sounds = [_shaped_noise(rng, slope, 20.0, 8000.0) for slope in (0.0, 0.5, 1.0, 1.5)]
    sounds += [_babble(rng, voices) for _ in range(3)]
    for row in _free_rows(directory / "noise" / "index.csv"):
        sounds.append(_at_level(read_audio(directory / "noise" / row["file"]).astype(np.float64)))
    return [Background(log_mel(sound)) for sound in sounds]


def rumble(rng: np.random.Generator) -> Background:
    """Return the rumble of handling and wind under 120 Hz."""
    return Background(log_mel(_shaped_noise(rng, 1.0, 10.0, 120.0)))


def in_a_room(
    utterance: Utterance, pcm: Pcm, responses: list[Floats], rng: np.random.Generator
) -> tuple[Utterance, Pcm]:
    """Return the utterance spoken 10 % slower to 12 % faster, in a random room three times out of four."""
    rate = float(rng.uniform(0.9, 1.12))
    sound = soxr.resample(pcm.astype(np.float64), SAMPLE_RATE_HZ * rate, SAMPLE_RATE_HZ)
    if responses and rng.random() < 0.75:
        response = responses[rng.integers(len(responses))]
        size = 1 << (len(sound) + len(response) - 2).bit_length()  # fast, and long enough not to wrap
        wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)
        sound = wet[: len(sound)]
    spoken = np.clip(np.round(sound), -32768, 32767).astype(np.int16)
    starts_s, ends_s = utterance.starts_s / rate, utterance.ends_s / rate
    return replace(utterance, seconds=utterance.seconds / rate, starts_s=starts_s, ends_s=ends_s), spoken


def _power(steps: Floats) -> Floats:
    return np.exp2(steps / STEPS_PER_OCTAVE)


def _steps(power: Floats) -> Floats:
    steps: Floats = np.log2(power) * STEPS_PER_OCTAVE
    return steps


class ChunkAugmenter:
    """Noise, level, tone and dropouts, drawn anew for each chunk."""

    def __init__(self, pool: list[Background], low_rumble: Background, rng: np.random.Generator) -> None:
        self._pool, self._rumble, self._rng = pool, low_rumble, rng

    def __call__(self, mels: Mels, viseme: NDArray[np.int8]) -> tuple[Mels, NDArray[np.int8]]:
        """(hops, 40) features and (hops,) labels -> augmented copies of both."""
        rng = self._rng
        steps = mels.astype(np.float64)
        if rng.random() < 0.03:  # noise alone, so that it is learned as silence
            steps[:], viseme = -128.0, np.full_like(viseme, Viseme.sil)
            noise = self._cut(self._pool[rng.integers(len(self._pool))], len(mels))
            steps = noise + rng.uniform(-50.0, 0.0) * STEPS_PER_DB
        elif rng.random() < 0.7:
            steps = self._mix(steps, self._pool[rng.integers(len(self._pool))], rng.uniform(0.0, 30.0))
        if rng.random() < 0.15:
            steps = self._mix(steps, self._rumble, rng.uniform(-6.0, 15.0))
        if rng.random() < 0.1:  # vocoders and noise suppressors blur what happens within 30 ms
            steps = (np.roll(steps, 1, axis=0) + steps + np.roll(steps, -1, axis=0)) / 3
        steps = self._tone(steps) + rng.uniform(-12.0, 12.0) * STEPS_PER_DB
        return np.clip(np.round(self._drop(steps)), -128, 127).astype(np.int8), viseme

    def _cut(self, background: Background, hops: int) -> Floats:
        source = background.mels
        start = self._rng.integers(len(source))
        return source[np.arange(start, start + hops) % len(source)].astype(np.float64)

    def _mix(self, steps: Floats, background: Background, snr_db: float) -> Floats:
        noise = self._cut(background, len(steps))
        speech_power, noise_power = _power(steps), _power(noise)
        totals = speech_power.sum(axis=1)
        speaking = totals > 0.03 * np.percentile(totals, 95)
        ratio = totals[speaking].mean() / max(1e-9, float(noise_power.sum(axis=1).mean()))
        return _steps(speech_power + noise_power * ratio * 10 ** (-snr_db / 10))

    def _tone(self, steps: Floats) -> Floats:
        rng, band = self._rng, np.arange(MEL_BANDS)
        gain_db = rng.uniform(-12.0, 12.0) * (band / (MEL_BANDS - 1) - 0.5)
        if rng.random() < 0.6:  # voices and microphones differ most in their broad colour
            knots = np.linspace(0, MEL_BANDS - 1, rng.integers(4, 9))
            gain_db += np.interp(band, knots, rng.normal(0.0, 5.0, len(knots)).clip(-14.0, 14.0))
        if rng.random() < 0.2:  # small loudspeakers and high-pass filters
            gain_db -= np.maximum(0, rng.integers(1, 8) - band) * rng.uniform(1.0, 6.0)
        if rng.random() < 0.15:  # telephone band
            gain_db -= np.maximum(0, band - rng.integers(28, 39)) * rng.uniform(2.0, 8.0)
        toned: Floats = steps + gain_db * STEPS_PER_DB
        return toned

    def _drop(self, steps: Floats) -> Floats:
        rng = self._rng
        for _ in range(rng.integers(0, 3)):
            low, width = rng.integers(MEL_BANDS), rng.integers(1, 6)
            steps[:, low : low + width] = steps.mean()
        if rng.random() < 0.3:
            start, width = rng.integers(len(steps)), rng.integers(1, 7)
            steps[start : start + width] = steps.min()
        return steps
