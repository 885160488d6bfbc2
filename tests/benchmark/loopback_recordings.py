"""Recordings as a sound card would make them: the sample, and a mouth that is so much behind."""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from mandible.benchmarks.lateness.matching import Spoken
from mandible.benchmarks.speech import sample
from mandible.device.frames import SAMPLE_RATE_HZ
from mandible.firmware_bridge.rig import Rig

RIG = "skull"
Series = NDArray[np.float64]


@lru_cache(maxsize=1)
def spoken() -> Spoken:
    """Return what the line says of the sample."""
    return Spoken.of(sample().recordings[0].pcm, Rig.load(RIG))


@lru_cache(maxsize=4)
def sound(rate_hz: int) -> Series:
    """Return the sample at another rate, full scale 1."""
    pcm = sample().recordings[0].pcm / 32768
    return np.asarray(soxr.resample(pcm, SAMPLE_RATE_HZ, rate_hz))


def asked(at_s: Series) -> Series:
    """Return what the line asks of the jaw for the sound of some instants, 0 to 1."""
    one = spoken()
    return np.interp(at_s * 1000, one.begins_ms + 5, one.opening)


@lru_cache(maxsize=32)
def pulses(rate_hz: int, late_ms: float, hz: float = 50.0, phase_ms: float = 3.3) -> Series:
    """Return a servo's line, 0 or 1, as a card leaves it; a pulse takes its width as it begins."""
    seconds = len(sound(rate_hz)) / rate_hz
    starts_s = np.arange(phase_ms / 1000, seconds - 0.003, 1 / hz)
    widths_s = (1250 + 500 * asked(starts_s - late_ms / 1000)) / 1e6
    # Drawn at many times the rate, then filtered as the card does: edges fall between its samples.
    over = 8
    line = np.zeros(round(seconds * rate_hz) * over)
    for start_s, width_s in zip(starts_s, widths_s, strict=True):
        line[round(start_s * rate_hz * over) : round((start_s + width_s) * rate_hz * over)] = 1.0
    return np.asarray(soxr.resample(line, over, 1))


def voltage(rate_hz: int, late_ms: float) -> Series:
    """Return a jaw's position, 0 to 1."""
    at_s = np.arange(len(sound(rate_hz))) / rate_hz
    return asked(at_s - late_ms / 1000)


def blocked(signal: Series, rate_hz: int, corner_hz: float) -> Series:
    """Return a signal as it comes through a card's capacitor, which lets no direct current through."""
    hz = np.fft.rfftfreq(2 * len(signal), 1 / rate_hz)
    passed = np.fft.irfft(np.fft.rfft(signal, 2 * len(signal)) * (1j * hz / (1j * hz + corner_hz)))
    return np.asarray(passed[: len(signal)])


def with_noise(signal: Series, size: float) -> Series:
    """Return a signal with normal noise of this deviation; the same each time."""
    return signal + size * np.random.default_rng(5).standard_normal(len(signal))


def write(path: Path, rate_hz: int, *channels: Series) -> Path:
    """Write channels as int16; what is beyond full scale is cut off, as a card does."""
    count = min(map(len, channels))
    values = np.stack([one[:count] for one in channels], axis=1)
    raw = np.clip(np.rint(values * 32767), -32768, 32767).astype("<i2").tobytes()
    frame_bytes = 2 * len(channels)
    form = struct.pack(
        "<4sIHHIIHH", b"fmt ", 16, 1, len(channels), rate_hz, rate_hz * frame_bytes, frame_bytes, 16
    )
    head = (
        struct.pack("<4sI4s", b"RIFF", 36 + len(raw), b"WAVE") + form + struct.pack("<4sI", b"data", len(raw))
    )
    path.write_bytes(head + raw)
    return path
