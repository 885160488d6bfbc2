"""A recording's samples the way a loudspeaker wants them, read in small blocks however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from mandible.device.audio.riff import WavFormat
from mandible.device.audio.samples import LOUDEST, to_int16, to_mono
from mandible.device.audio.wav_file import WavFile
from mandible.device.speaker.playback_ring import Block
from mandible.errors import InputError

BLOCK_MS = 100
MOST_CHANNELS = 32


class FileSound:
    """The sound of a WAV file; int16 comes out bit for bit where the loudspeaker takes it as it is.

    Raises:
        InputError: as ``WavFile``, or it has more channels than anybody plays.
    """

    def __init__(self, path: Path, gain_db: float = 0.0) -> None:
        with WavFile(path) as checked:
            self.format: WavFormat = checked.format
            self.description = checked.description
        if self.format.channels > MOST_CHANNELS:
            raise InputError(f"{path}: {self.format.channels} channels: at most {MOST_CHANNELS} are played")
        self._path = path
        self._gain = 10 ** (gain_db / 20)

    def blocks(self, rate_hz: int, channels: int, from_s: float = 0.0) -> Iterator[Block]:
        """Yield (n, channels) int16 from ``from_s`` on to the end, resampled where the rate differs."""
        form = self.format
        resampler = (
            None
            if rate_hz == form.rate_hz
            else soxr.ResampleStream(form.rate_hz, rate_hz, channels, dtype="float64", quality="HQ")
        )
        per_block = max(1, form.rate_hz * BLOCK_MS // 1000)
        with self._path.open("rb") as file:
            first = min(round(from_s * form.rate_hz), form.frame_count)
            file.seek(form.data_offset + first * form.frame_bytes)
            for start in range(first, form.frame_count, per_block):
                frames = min(per_block, form.frame_count - start)
                raw = file.read(frames * form.frame_bytes)
                if len(raw) < frames * form.frame_bytes:
                    raise InputError(f"{self._path}: the file became shorter while it was played")
                mixed = self._mixed(raw, channels) * self._gain
                if resampler is not None:
                    last = start + frames == form.frame_count
                    mixed = resampler.resample_chunk(np.ascontiguousarray(mixed), last=last)
                yield to_int16(mixed.reshape(-1)).reshape(-1, channels)

    def _mixed(self, raw: bytes, channels: int) -> NDArray[np.float64]:
        """Interleaved bytes -> (n, channels) float64: as they are, or averaged and given to each channel."""
        form = self.format
        if channels == form.channels:
            samples = to_mono(raw, form.sample_format, 1).reshape(-1, channels)
        else:
            samples = np.repeat(to_mono(raw, form.sample_format, form.channels)[:, None], channels, axis=1)
        # The line refuses a file with samples that are no numbers; a loudspeaker must never see one.
        return np.clip(np.nan_to_num(samples), -LOUDEST, LOUDEST)
