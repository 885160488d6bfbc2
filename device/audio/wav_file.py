"""A WAV file as a source, read in small blocks however large it is."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mandible.device.audio.conform import Conformer, conditioning
from mandible.device.audio.pacing import Pacer
from mandible.device.audio.riff import read_header
from mandible.device.audio.samples import Mono, to_mono
from mandible.device.audio.source import Source
from mandible.device.frames import Frame
from mandible.errors import InputError

BLOCK_BYTES = 1 << 18


class WavFile(Source):
    """A recording. The last hop is filled up with zeros; 16 kHz mono int16 passes through bit for bit.

    A sample that is not a finite number ends the reading with an InputError that says where it is: such a
    file is damaged, and a mouth that quietly rests there would hide it.
    """

    def __init__(self, path: Path, realtime: bool = False) -> None:
        self._name = str(path)
        try:
            info = path.stat()
            if stat.S_ISDIR(info.st_mode):
                raise InputError(f"{path}: this is a folder: name a WAV file inside it")
            if not stat.S_ISREG(info.st_mode):
                raise InputError(
                    f"{path}: not a regular file: to read a stream, pipe raw samples in and give -"
                )
            self._file = path.open("rb")
        except FileNotFoundError:
            raise InputError(f"{path}: no such file: check the name") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read: {_reason(error)}") from None
        try:
            self.format = read_header(self._file, self._name, info.st_size)
        except BaseException:
            self._file.close()
            raise
        self._pacer = Pacer(realtime)
        form = self.format
        name = form.sample_format.value
        self.duration_s = form.duration_s
        self.description = f"{path} ({form.duration_s:.2f} s, {form.rate_hz} Hz, {form.channels} ch, {name})"
        self.header = {
            "source": self._name,
            "sample_rate_hz": form.rate_hz,
            "channels": form.channels,
            "sample_format": name,
            "conditioning": conditioning(form.rate_hz, form.channels, name),
        }

    def __iter__(self) -> Iterator[Frame]:
        """Yield the recording's frames from its beginning."""
        for index, pcm in enumerate(self._hops()):
            captured_ns = self._pacer.wait(index)
            if self._pacer.stopped:
                return
            yield Frame(index, captured_ns, pcm)

    def close(self) -> None:
        """Close the file and end a running iteration."""
        self._pacer.stop()
        self._file.close()

    def _hops(self) -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.int16]]]:
        conformer = Conformer(self.format.rate_hz)
        for mono in self._blocks():
            yield from conformer.push(mono)
        yield from conformer.flush()

    def _blocks(self) -> Iterator[Mono]:
        form = self.format
        block_frames = max(1, BLOCK_BYTES // form.frame_bytes)
        for first in range(0, form.frame_count, block_frames):
            wanted = min(block_frames, form.frame_count - first) * form.frame_bytes
            try:
                self._file.seek(form.data_offset + first * form.frame_bytes)
                raw = self._file.read(wanted)
            except OSError as error:
                raise InputError(f"{self._name}: reading failed: {_reason(error)}") from None
            if len(raw) < wanted:
                raise InputError(f"{self._name}: the file became shorter while it was read")
            mono = to_mono(raw, form.sample_format, form.channels)
            finite = np.isfinite(mono)
            if not finite.all():
                where_s = (first + int(finite.argmin())) / form.rate_hz
                raise InputError(
                    f"{self._name}: the sample at {where_s:.4f} s is not a finite number: export it again"
                )
            yield mono


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
