"""From mono at any rate to the line's 16 kHz int16 hops, as a stream."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import soxr

from mandible.device.audio.samples import LOUDEST, Mono, SampleFormat, to_int16, to_mono
from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ, Pcm

QUALITY = "HQ"


class Conformer:
    """Resamples (only where the rate differs), rounds, saturates and cuts into hops of 160 samples.

    The result does not depend on how the input is cut into pieces. The resampler is linear-phase: what comes
    out is aligned with what went in, but it is only known some 35 to 120 ms later, depending on the rate.
    """

    def __init__(self, rate_hz: int) -> None:
        self._resampler = (
            None
            if rate_hz == SAMPLE_RATE_HZ
            else soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float64", quality=QUALITY)
        )
        self._rest = np.zeros(0, np.int16)

    def push(self, mono: Mono) -> Iterator[Pcm]:
        """Take finite samples in; yield every hop that is complete."""
        yield from self._cut(self._resampled(mono, last=False))

    def push_int16(self, raw: bytes, channels: int) -> Iterator[Pcm]:
        """Take interleaved little-endian int16, whole frames; what has the line's form passes as it is."""
        if self._resampler is None and channels == 1:
            yield from self._cut(np.frombuffer(raw, "<i2"))
        else:
            yield from self.push(to_mono(raw, SampleFormat.INT16, channels))

    def flush(self) -> Iterator[Pcm]:
        """Yield what is left at the end of the sound; the last hop is filled up with zeros."""
        yield from self._cut(self._resampled(np.zeros(0), last=True))
        if len(self._rest):
            yield np.pad(self._rest, (0, HOP_SAMPLES - len(self._rest)))
            self._rest = self._rest[:0]

    def _resampled(self, mono: Mono, *, last: bool) -> Pcm:
        if self._resampler is None:
            return to_int16(mono)
        bounded = np.ascontiguousarray(np.clip(mono, -LOUDEST, LOUDEST))
        return to_int16(self._resampler.resample_chunk(bounded, last=last))

    def _cut(self, pcm: Pcm) -> Iterator[Pcm]:
        if len(pcm) == HOP_SAMPLES and not len(self._rest):
            yield pcm
            return
        waiting = np.concatenate([self._rest, pcm])
        whole = len(waiting) // HOP_SAMPLES * HOP_SAMPLES
        self._rest = waiting[whole:]
        yield from waiting[:whole].reshape(-1, HOP_SAMPLES)


def conditioning(rate_hz: int, channels: int, sample_format: str) -> list[str]:
    """Say in words what the line's input went through; empty for 16 kHz mono int16."""
    steps = []
    if channels > 1:
        steps.append(f"{channels} channels averaged to mono")
    if rate_hz != SAMPLE_RATE_HZ:
        steps.append(f"resampled from {rate_hz} Hz (soxr {QUALITY})")
    if sample_format != "int16":
        steps.append(f"{sample_format} rounded to int16")
    return steps
