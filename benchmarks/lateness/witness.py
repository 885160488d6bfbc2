"""A second listener at the virtual microphone, who knows when the sound server gave out which sample."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping
from types import TracebackType

import numpy as np

from mandible.benchmarks.lateness.virtual_microphone import SINK
from mandible.device.frames import SAMPLE_RATE_HZ, Pcm
from mandible.errors import DeviceError

SAMPLE_BYTES = 2
CHUNK_BYTES = 65536
FIRST_SOUND_S = 20.0


class Witness:
    """``parec`` on the microphone's monitor; no code of the line takes part.

    Attributes:
        blocks: (samples heard so far, ns of the monotonic clock) after every block that came.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Listen, and return once the first block has come."""
        settings = (f"--rate={SAMPLE_RATE_HZ}", "--channels=1", "--format=s16le", "--raw")
        self._process = subprocess.Popen(
            ["parec", "-d", f"{SINK}.monitor", *settings], env=environment, stdout=subprocess.PIPE
        )
        self.blocks: list[tuple[int, int]] = []
        self._raw = bytearray()
        self._first = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        if not self._first.wait(FIRST_SOUND_S):
            self.close()
            raise DeviceError("parec hears nothing of the virtual microphone; is this computer too busy?")

    def __enter__(self) -> Witness:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; from then on nothing is added."""
        self._process.terminate()
        self._process.wait()
        self._thread.join()

    def heard(self) -> Pcm:
        """Return every sample so far."""
        whole = len(self._raw) // SAMPLE_BYTES * SAMPLE_BYTES
        return np.frombuffer(bytes(self._raw[:whole]), "<i2").astype(np.int16)

    def loud_ns(self, since_ns: int, threshold: int = 1000) -> int | None:
        """Return when the block came that held the first loud sample of those heard after ``since_ns``."""
        begin = max((count for count, at_ns in self.blocks if at_ns <= since_ns), default=0)
        loud = np.flatnonzero(np.abs(self.heard()[begin:].astype(np.int32)) > threshold)
        if not len(loud):
            return None
        return next(at_ns for count, at_ns in self.blocks if count > begin + loud[0])

    def _listen(self) -> None:
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        while data := os.read(stream, CHUNK_BYTES):
            at_ns = time.monotonic_ns()
            self._raw += data
            self.blocks.append((len(self._raw) // SAMPLE_BYTES, at_ns))
            self._first.set()
        self._process.stdout.close()
