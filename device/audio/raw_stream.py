"""Raw samples from a pipe: signed 16-bit little-endian, 16 kHz, mono, no header."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from mandible.device.audio.pacing import Pacer
from mandible.device.audio.source import Source
from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ, Frame
from mandible.errors import InputError

HOP_BYTES = HOP_SAMPLES * 2
READ_BYTES = 16 * HOP_BYTES
LOOK_S = 0.2


def raw_frames(stream: BinaryIO, name: str, pacer: Pacer) -> Iterator[Frame]:
    """Yield a frame whenever 320 bytes have arrived; the last hop is filled up with zeros.

    A single byte left over at the very end is half a sample and is dropped.

    Raises:
        InputError: the stream begins with a WAV header.
    """
    for index, raw in enumerate(_hops(stream)):
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


def _hops(stream: BinaryIO) -> Iterator[bytes]:
    """Yield 320 bytes at a time, and what is left at the end."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # bytes in memory
        yield from iter(lambda: stream.read(HOP_BYTES), b"")
        return
    waiting = b""
    while True:
        # A signal that arrives just before a read would wait for as long as the read does.
        while not select.select([descriptor], [], [], LOOK_S)[0]:
            pass
        piece = os.read(descriptor, READ_BYTES)
        waiting += piece
        while len(waiting) >= HOP_BYTES:
            yield waiting[:HOP_BYTES]
            waiting = waiting[HOP_BYTES:]
        if not piece:
            break
    if waiting:
        yield waiting


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
