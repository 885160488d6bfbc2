"""Noise and rooms of our own making: coloured noise, rumble, servo whine, hiss, impulse responses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import SAMPLE_RATE_HZ, Pcm

Floats = NDArray[np.float64]
RUMBLE_HZ = (20.0, 100.0)
NOISE_RMS = 2300.0  # -23 dBFS
HIGHEST_TONE_HZ, HIGHEST_BUZZ_HZ = 7000.0, 4000.0
PULSE_RATES_HZ = (50.0, 50.0, 100.0, 200.0, 333.0)  # most small servos are sent 50 pulses a second
_TABLE_POINTS = 8192


def at_level(sound: Floats, rms: float = NOISE_RMS) -> Pcm:
    """Scale a sound to an RMS in int16 steps, clipping what goes over."""
    scaled = sound * (rms / max(1e-9, float(np.sqrt(np.mean(sound**2)))))
    return np.clip(np.round(scaled), -32768, 32767).astype(np.int16)


def _unit_rms(sound: Floats) -> Floats:
    scaled: Floats = sound / np.sqrt(np.mean(sound**2))
    return scaled


def coloured(
    rng: np.random.Generator, seconds: float, slope: float, above_hz: float = 20.0, below_hz: float = 8000.0
) -> Floats:
    """Return noise of unit RMS whose amplitude falls with frequency to the power ``slope``.

    0 is white, 0.5 pink, 1 brown; outside ``above_hz`` to ``below_hz`` there is nothing.
    """
    count = int(seconds * SAMPLE_RATE_HZ)
    hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ)
    shape = np.where((hz >= above_hz) & (hz <= below_hz), np.maximum(hz, 1.0) ** -slope, 0.0)
    spectrum = shape * (rng.normal(size=len(hz)) + 1j * rng.normal(size=len(hz)))
    return _unit_rms(np.fft.irfft(spectrum, count))


def rumble(rng: np.random.Generator, seconds: float) -> Floats:
    """Return the rumble of handling and wind, 20 to 100 Hz, at unit RMS."""
    return coloured(rng, seconds, 1.0, *RUMBLE_HZ)


def _glide(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Return a servo's speed (0 to 1) and whether it holds (0 or 1) over ``count`` samples.

    Motion comes in bursts that start and stop within some 20 ms, as a jaw's does; between them it holds.
    """
    speed, holding = np.zeros(count), np.ones(count)
    at = 0
    while at < count:
        at += int(rng.exponential(0.25) * SAMPLE_RATE_HZ)
        length = int(rng.uniform(0.06, 0.7) * SAMPLE_RATE_HZ)
        edge = max(1, min(length // 2, int(rng.uniform(0.01, 0.04) * SAMPLE_RATE_HZ)))
        top, drift = rng.uniform(0.35, 1.0), rng.uniform(-0.3, 0.3)
        burst = top * (1 + drift * np.linspace(0, 1, length))
        burst[:edge] *= np.linspace(0, 1, edge)
        burst[length - edge :] *= np.linspace(1, 0, edge)
        end = min(count, at + length)
        if at < end:
            speed[at:end], holding[at:end] = burst[: end - at], 0.0
        at = end
    return speed, holding


def _periodic(turns: Floats, loudness: Floats, phase: Floats) -> Floats:
    """Return harmonics 1, 2, ... of these amplitudes at the given number of turns (1 is a whole period)."""
    angle = 2 * np.pi * np.arange(_TABLE_POINTS) / _TABLE_POINTS
    harmonic = np.arange(1, len(loudness) + 1)[:, None]
    period: Floats = (loudness[:, None] * np.sin(harmonic * angle + phase[:, None])).sum(axis=0)
    return period[(turns * _TABLE_POINTS).astype(np.int64) % _TABLE_POINTS]


def servo_whine(rng: np.random.Generator, seconds: float) -> Floats:
    """Return the sound of one small servo moving and holding, at unit RMS.

    While it moves: gear mesh and motor tones with harmonics, gliding with its speed, over the rattle of
    the gears. While it holds: the buzz of its pulses, 50 to 333 Hz and their harmonics.
    """
    count = int(seconds * SAMPLE_RATE_HZ)
    speed, holding = _glide(rng, count)
    sound = np.zeros(count)
    for base_hz in (rng.uniform(350, 900), rng.uniform(1100, 2600)):  # last gear mesh, motor pinion
        order = np.arange(1, int(HIGHEST_TONE_HZ / base_hz) + 1)
        loudness = rng.uniform(0.3, 1.0, len(order)) / order**0.8
        turns = np.cumsum(base_hz * speed) / SAMPLE_RATE_HZ
        sound += speed * _periodic(turns, loudness, rng.uniform(0, 2 * np.pi, len(order)))
    rattle = coloured(rng, seconds, 0.3, 500.0, 7500.0)
    sound += rng.uniform(0.2, 0.8) * speed * rattle
    pulse_hz = float(rng.choice(PULSE_RATES_HZ))
    strength = 1 / np.sqrt(np.arange(1, int(HIGHEST_BUZZ_HZ / pulse_hz) + 1))
    buzz = _periodic(pulse_hz * np.arange(count) / SAMPLE_RATE_HZ, strength, np.zeros(len(strength)))
    sound += rng.uniform(0.01, 0.06) * holding * buzz
    return _unit_rms(sound)


def room(rng: np.random.Generator) -> Floats:
    """Return the impulse response of an invented room, starting at the direct sound, at unit energy.

    A direct sound, a handful of first reflections, and a tail of noise that decays faster at high
    frequencies (reverberation time 0.15 to 0.8 s at low, half of that at high ones); direct to
    reverberant energy -3 to 12 dB.
    """
    rt60_s = float(np.exp(rng.uniform(np.log(0.15), np.log(0.8))))
    count = int(rt60_s * SAMPLE_RATE_HZ)
    time_s = np.arange(count) / SAMPLE_RATE_HZ
    decay = 3 * np.log(10) / rt60_s  # -60 dB in amplitude after rt60_s
    dull = coloured(rng, rt60_s, 0.5, 80.0, 1500.0)[:count] * np.exp(-decay * time_s)
    bright = coloured(rng, rt60_s, 0.0, 1500.0, 8000.0)[:count] * np.exp(-2 * decay * time_s)
    tail = dull + 0.7 * bright
    tail[time_s < rng.uniform(0.002, 0.01)] = 0.0
    for _ in range(rng.integers(3, 8)):
        at_s = rng.uniform(0.001, 0.02)
        tail[int(at_s * SAMPLE_RATE_HZ)] += rng.choice([-1, 1]) * rng.uniform(1.0, 4.0)
    response: Floats = tail * np.sqrt(10 ** (-rng.uniform(-3.0, 12.0) / 10) / np.sum(tail**2))
    response[0] = 1.0
    response /= np.sqrt(np.sum(response**2))
    return response
