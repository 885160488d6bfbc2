"""Raw samples from a pipe: signed 16-bit little-endian, 16 kHz, mono, no header."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from mandible.device.audio.pacing import Pacer
from mandible.device.audio.source import Source
from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ, Frame
from mandible.errors import InputError

HOP_BYTES = HOP_SAMPLES * 2


def raw_frames(stream: BinaryIO, name: str, pacer: Pacer) -> Iterator[Frame]:
    """Yield a frame whenever 320 bytes have arrived; the last hop is filled up with zeros.

    A single byte left over at the very end is half a sample and is dropped.

    Raises:
        InputError: the stream begins with a WAV header.
    """
    index = 0
    while raw := stream.read(HOP_BYTES):
        if index == 0 and raw[:4] == b"RIFF":
            raise InputError(
                f"{name}: a WAV header arrived where raw samples are expected: send signed 16-bit "
                "little-endian, 16 kHz, mono without header (arecord: -t raw; ffmpeg: -f s16le; sox: -t raw)"
            )
        samples = np.frombuffer(raw[: len(raw) // 2 * 2], "<i2").astype(np.int16)
        if len(samples) == 0:
            return
        captured_ns = pacer.wait(index)
        if pacer.stopped:
            return
        yield Frame(index, captured_ns, np.pad(samples, (0, HOP_SAMPLES - len(samples))))
        index += 1


def raw_header(source: str) -> dict[str, object]:
    """What outputs say about a raw stream."""
    return {
        "source": source,
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "channels": 1,
        "sample_format": "int16",
        "conditioning": [],
    }


class StandardInput(Source):
    """Raw samples piped into the program."""

    def __init__(self, realtime: bool = False, stream: BinaryIO | None = None) -> None:
        if stream is None and sys.stdin is None:
            raise InputError("-: standard input is closed: pipe raw 16 kHz mono int16 samples into it")
        self._stream = sys.stdin.buffer if stream is None else stream
        if self._stream.isatty():
            raise InputError("-: standard input is a terminal: pipe raw 16 kHz mono int16 samples into it")
        self._pacer = Pacer(realtime)
        self.description = "standard input (raw, 16 kHz, mono, int16)"
        self.header = raw_header("-")

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames as samples arrive."""
        silent = True
        for frame in raw_frames(self._stream, "-", self._pacer):
            silent = False
            yield frame
        if silent and not self._pacer.stopped:
            raise InputError("-: no sound arrived on standard input")

    def close(self) -> None:
        """End a running iteration; standard input itself stays open."""
        self._pacer.stop()
