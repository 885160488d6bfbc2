"""A microphone made of a pipe: hands samples over hop by hop, at the pace of speech, and notes when.

A run on ``--source -`` counts time from the moment it takes the first hop: each later one it expects 10 ms
after the one before, counted from there. So the first hop is put into the pipe in advance; once it is taken,
this clock starts, and every hop is handed over the moment it is expected. Neither side ever waits for the
other, and when a sound was handed over is known from outside.
"""

from __future__ import annotations

import array
import fcntl
import termios
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.benchmarks.lateness.run_process import RunProcess
from mandible.device.frames import HOP_NS, HOP_SAMPLES, Pcm
from mandible.errors import DeviceError

START_S = 20.0
# There is no event for a pipe that was emptied. The program's own clock may be ahead by this.
_LOOK_S = 0.0002


@dataclass(frozen=True)
class Given:
    """When samples were handed over, ns of the monotonic clock.

    Attributes:
        given_ns: (n,) when each sample really was.
        even_ns: (n,) the same for a source that is never late.
    """

    given_ns: NDArray[np.int64]
    even_ns: NDArray[np.int64]


def play(run: RunProcess, pcm: Pcm) -> Given:
    """Play samples, whole hops, to a run; returns when the last was handed over.

    Raises:
        DeviceError: the run does not begin to listen, or ends on the way; with its own words.
    """
    descriptor = run.stdin.fileno()
    hops = pcm.astype("<i2").reshape(-1, HOP_SAMPLES)
    at_ns = np.zeros(len(hops), np.int64)
    try:
        run.stdin.write(hops[0].tobytes())
        at_ns[0] = zero_ns = _taken_ns(run, descriptor)
        due_ns = zero_ns + (np.arange(len(hops)) + 1) * HOP_NS
        for number in range(1, len(hops)):
            time.sleep(max(0, due_ns[number] - time.monotonic_ns()) / 1e9)
            run.stdin.write(hops[number].tobytes())
            at_ns[number] = time.monotonic_ns()
    except BrokenPipeError:
        raise DeviceError(run.failure()) from None
    # The first hop was there a hop too early.
    at_ns[0] = due_ns[0]
    # The sound goes on between two hops, also for who gets it hop by hop: as a sound server's clock does.
    since_ns = (np.arange(HOP_SAMPLES) + 1) * HOP_NS // HOP_SAMPLES - HOP_NS
    even_ns = (due_ns[:, None] + since_ns).ravel()
    return Given(at_ns.repeat(HOP_SAMPLES), even_ns)


def _taken_ns(run: RunProcess, descriptor: int) -> int:
    """Wait until the pipe is empty; return when that was."""
    give_up_s = time.monotonic() + START_S
    waiting = array.array("i", [0])
    while True:
        fcntl.ioctl(descriptor, termios.FIONREAD, waiting)
        if not waiting[0]:
            return time.monotonic_ns()
        if not run.alive:
            raise DeviceError(run.failure())
        if time.monotonic() > give_up_s:
            raise DeviceError(f"mandible run does not listen within {START_S:g} s; is the computer too busy?")
        time.sleep(_LOOK_S)
