"""Records what the line hears: a 16 kHz mono int16 WAV file that appears when it is complete."""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType

from mandible.device.frames import SAMPLE_RATE_HZ, Pcm
from mandible.device.sinks.atomic_file import AtomicFile
from mandible.errors import InputError

HEADER_BYTES = 44
# A WAV file counts its bytes in 32 bits; that is 37 hours.
MAX_DATA_BYTES = 0xFFFFFFFF - HEADER_BYTES


class WavWriter:
    """Writes samples as they come, and the header's lengths at the end.

    As a context manager it closes on success and leaves nothing behind on an error.

    Raises:
        InputError: the disk is full or refuses, or the recording exceeds what a WAV file can hold.
    """

    def __init__(self, path: str | Path) -> None:
        self._file = AtomicFile(path)
        self._data_bytes = 0
        self._file.write(_header(0))

    def write(self, pcm: Pcm) -> None:
        """Append (n,) int16 samples at 16 kHz."""
        raw = pcm.astype("<i2").tobytes()
        if self._data_bytes + len(raw) > MAX_DATA_BYTES:
            self._file.abort()
            raise InputError(
                f"{self._file.path}: a WAV file holds 37 hours at most: record in shorter pieces"
            )
        self._file.write(raw)
        self._data_bytes += len(raw)

    def close(self) -> None:
        """Complete the header and put the file in its place."""
        self._file.rewrite_start(_header(self._data_bytes))
        self._file.commit()

    def abort(self) -> None:
        """Leave whatever was there before."""
        self._file.abort()

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def _header(data_bytes: int) -> bytes:
    riff = struct.pack("<4sI4s", b"RIFF", HEADER_BYTES - 8 + data_bytes, b"WAVE")
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * 2, 2, 16)
    return riff + fmt + struct.pack("<4sI", b"data", data_bytes)
