"""Another process that keeps the GPU busy: a network in TensorRT, hop after hop, while it is told to.

``python -m mandible.benchmarks.jetson.gpu_load MODEL`` says ``ready``, does what each line of its input says
(``work``, ``rest``), answers it with the same word when that is so, and ends with its input.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from mandible.device.engines import create
from mandible.device.engines.starting import LONGEST_REASON, LONGEST_START_S
from mandible.device.frames import MEL_BANDS
from mandible.errors import DeviceError, MandibleError
from mandible.models import released
from mandible.own_python import own_environment, own_python
from mandible.wording import shortened

READY, WORK, REST = "ready", "work", "rest"
_ANSWER_S = 30.0
_ENDING_S = 2.0
_LONGEST_ANSWER, _LONGEST_WORD = 4096, 16
# Between two looks at the input: some ms of a GPU's time.
_HOPS_AT_ONCE = 20


class GpuLoad:
    """The other process, as whoever started it sees it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._answered(READY, LONGEST_START_S)

    def tell(self, word: str) -> None:
        """Have it ``WORK`` or ``REST``, and wait until it does; raises DeviceError where it went."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(f"{word}\n".encode())
            self._process.stdin.flush()
        self._answered(word, _ANSWER_S)

    def _answered(self, word: str, limit_s: float) -> None:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        deadline_s, said = time.monotonic() + limit_s, b""
        while b"\n" not in said and len(said) < _LONGEST_ANSWER:
            left_s = max(0.0, deadline_s - time.monotonic())
            piece = os.read(descriptor, 256) if select.select([descriptor], [], [], left_s)[0] else b""
            if not piece:
                break
            said += piece
        answer = said.decode("utf-8", "replace").strip()
        if answer != word:
            why = shortened(answer, LONGEST_REASON) if answer else f"it went, or is silent for {limit_s:g} s"
            raise DeviceError(f"the process that is to keep the GPU busy: {why}")


@contextmanager
def loading(model: str) -> Iterator[GpuLoad]:
    """Have the other process, resting at first; it is gone afterwards, and when this one is.

    Raises:
        DeviceError: it does not start; one line.
    """
    process = subprocess.Popen(
        own_python(__name__, model),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=own_environment(),
    )
    try:
        yield GpuLoad(process)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDING_S)
        process.kill()
        process.wait()
        process.stdout.close()


def main() -> None:
    """Load the GPU."""
    try:
        engine = create("tensorrt", released.resolve(sys.argv[1]))
        mels = np.random.default_rng(1).integers(-128, 128, (_HOPS_AT_ONCE, MEL_BANDS)).astype(np.int8)
        # Without a buffer, in which a word could wait where select does not see it.
        words = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
        word = READY
        print(word, flush=True)
        while True:
            if word == WORK:
                for mel in mels:
                    engine.step(mel)
            if word != WORK or select.select([words], [], [], 0)[0]:
                line = words.readline(_LONGEST_WORD)
                if not line:
                    return
                word = line.decode("ascii", "replace").strip()
                engine.step(mels[0])
                print(word, flush=True)
    except MandibleError as error:
        print(str(error), flush=True)


if __name__ == "__main__":
    main()
