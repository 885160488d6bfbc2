"""Rooms in which nobody speaks to the puppet: a minute of each, made from formulas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import SAMPLE_RATE_HZ, Pcm

Sound = NDArray[np.float64]
_Rng = np.random.Generator


def _coloured(rng: _Rng, count: int, gain: Callable[[Sound], Sound]) -> Sound:
    """Gaussian noise whose amplitude follows ``gain`` of the frequency in Hz, and nothing under 20 Hz."""
    frequency_hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal(count)) * gain(np.maximum(frequency_hz, 1))
    sound = np.fft.irfft(np.where(frequency_hz < 20, 0, spectrum), count)
    return sound / sound.std()


def _tones(rng: _Rng, count: int, base_hz: float, harmonics: int) -> Sound:
    time_s = np.arange(count) / SAMPLE_RATE_HZ
    return sum(
        np.sin(2 * np.pi * base_hz * k * time_s + rng.uniform(0, 2 * np.pi)) / k
        for k in range(1, harmonics + 1)
    ) + np.zeros(count)


def pink(rng: _Rng, count: int) -> Sound:
    """As much power in every octave."""
    return _coloured(rng, count, lambda frequency_hz: 1 / np.sqrt(frequency_hz))


def fan(rng: _Rng, count: int) -> Sound:
    """Brown noise, air, and blades that pass 27 times a second."""
    time_s = np.arange(count) / SAMPLE_RATE_HZ
    air = _coloured(rng, count, lambda frequency_hz: 1 / np.sqrt(1 + (frequency_hz / 800) ** 2))
    rumble = _coloured(rng, count, lambda frequency_hz: 1 / frequency_hz)
    return rumble + 0.3 * air * (1 + 0.2 * np.sin(2 * np.pi * 27 * time_s)) + 0.2 * _tones(rng, count, 27, 7)


def hum(rng: _Rng, count: int) -> Sound:
    """The mains at 50 Hz with twenty harmonics, and some hiss."""
    return _tones(rng, count, 50, 20) + 0.05 * rng.standard_normal(count)


def keyboard(rng: _Rng, count: int) -> Sound:
    """About four keys a second, each a burst and a ring of some 20 ms, over faint hiss."""
    sound, at_s = 0.02 * rng.standard_normal(count), 0.0
    time_s = np.arange(round(0.03 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    while at_s < count / SAMPLE_RATE_HZ - 0.1:
        burst = rng.standard_normal(len(time_s)) * np.exp(-time_s / 0.004)
        ring = np.sin(2 * np.pi * rng.uniform(1500, 4500) * time_s) * np.exp(-time_s / 0.008)
        first = round(at_s * SAMPLE_RATE_HZ)
        sound[first : first + len(time_s)] += rng.uniform(1.5, 4.5) * (burst + 0.5 * ring)
        at_s += 0.06 + rng.exponential(0.18)
    return sound


def distant_talk(rng: _Rng, count: int) -> Sound:
    """Six voices' worth of noise shaped like speech, each swelling one to six times a second."""
    sound = np.zeros(count)
    for _ in range(6):
        voice = _coloured(rng, count, lambda frequency_hz: (1 + (frequency_hz / 500) ** 2) ** -0.6)
        swell = _coloured(rng, count // 160 + 1, lambda _: np.ones(1))
        slow = np.convolve(swell, np.hanning(25), "same")
        sound += voice * np.maximum(0, 0.8 + 0.6 * np.repeat(slow / slow.std(), 160)[:count])
    return sound


ROOMS = {"pink": pink, "fan": fan, "hum": hum, "keyboard": keyboard, "distant talk": distant_talk}


def room(name: str, level_dbfs: float, gain_db: float = 0, seconds: int = 60, seed: int = 1) -> Pcm:
    """Return a room at a level, as a microphone with 16 bits hears it and a gain then lifts it."""
    sound = ROOMS[name](np.random.default_rng(seed), seconds * SAMPLE_RATE_HZ)
    heard = np.round(sound / np.sqrt(np.mean(sound**2)) * 32768 * 10 ** (level_dbfs / 20))
    return np.clip(np.round(heard * 10 ** (gain_db / 20)), -32768, 32767).astype(np.int16)
