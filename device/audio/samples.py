"""Sample bytes of any common format to mono, and mono to the line's int16."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import Pcm

Mono = NDArray[np.float64]

FULL_SCALE = 32768.0
# Far above anything a recording means, far below what could overflow inside the resampler.
LOUDEST = 1e6


class SampleFormat(Enum):
    """How one sample is stored, little-endian. The value is the name shown to people."""

    UINT8 = "uint8"
    INT16 = "int16"
    INT24 = "int24"
    INT32 = "int32"
    FLOAT32 = "float32"
    FLOAT64 = "float64"

    @property
    def sample_bytes(self) -> int:
        """Bytes one sample takes."""
        return int("".join(c for c in self.value if c.isdigit())) // 8


def to_mono(raw: bytes, sample_format: SampleFormat, channels: int) -> Mono:
    """Interleaved sample bytes -> (n,) float64, full scale ±1, channels averaged.

    ``raw`` must hold whole frames. A NaN or an infinity in any channel makes that sample not finite; so do
    finite numbers whose sum is too large for a float64. The caller decides what to do about it.
    """
    samples = _full_scale_one(raw, sample_format).reshape(-1, channels)
    if channels == 1:
        return samples[:, 0]
    with np.errstate(over="ignore", invalid="ignore"):
        mixed: Mono = samples.mean(axis=1)
    return mixed


def to_int16(mono: Mono) -> Pcm:
    """(n,) float64, full scale ±1 -> (n,) int16, rounded half to even and saturated.

    An int16 sample that came through ``to_mono`` alone returns unchanged.
    """
    return np.clip(np.rint(np.clip(mono, -2.0, 2.0) * FULL_SCALE), -32768, 32767).astype(np.int16)


def _full_scale_one(raw: bytes, sample_format: SampleFormat) -> Mono:
    if sample_format is SampleFormat.UINT8:
        return (np.frombuffer(raw, np.uint8).astype(np.float64) - 128) / 128
    if sample_format is SampleFormat.INT16:
        return np.frombuffer(raw, "<i2") / FULL_SCALE
    if sample_format is SampleFormat.INT24:
        # Each sample becomes the upper three bytes of an int32, which brings its sign along.
        widened = np.zeros((len(raw) // 3, 4), np.uint8)
        widened[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        return widened.view("<i4")[:, 0] / 2.0**31
    if sample_format is SampleFormat.INT32:
        return np.frombuffer(raw, "<i4") / 2.0**31
    wide = np.frombuffer(raw, "<f4" if sample_format is SampleFormat.FLOAT32 else "<f8")
    # A signalling NaN raises a flag when it is widened; the finite check that follows is what matters.
    with np.errstate(invalid="ignore"):
        return wide.astype(np.float64)
