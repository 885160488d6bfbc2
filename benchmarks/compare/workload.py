"""The work that two trees do in turns: run by path, ``python workload.py TREE CORE REPLIES WAV MEL RIG``.

It uses what every revision of mandible offers, and nothing of the tree that it lies in. Each line of standard
input, ``ROW COUNT``, is answered with a line of JSON on the descriptor REPLIES: ``{"ns": ...}``, the CPU time
(all threads, user and system) of so much of the row's work, with what it has ``given``, if anything; or
``{"why": ...}`` where the tree cannot do that.
"""

from __future__ import annotations

import sys
import time

_BEGAN_NS = time.process_time_ns()
_FOLDER = __file__.rpartition("/")[0]
sys.path[:] = [place for place in sys.path if place not in ("", _FOLDER)]

import os  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from typing import Any  # noqa: E402

# A block that hangs ends its process, also where nobody is left to do so.
_LONGEST_BLOCK_S = 60
_MOST_FILE_BYTES = 64 << 20
_LONGEST_WHY = 300
_HOP_SAMPLES = 160
_MOST_HOPS = 6000


Work = Callable[[int], Any]


class ForeignError(Exception):
    """What was imported is not the tree's."""


def main() -> None:
    """Make the first frame at once, then work when asked."""
    import resource
    import signal

    tree, core, replies, wav, mel, rig = sys.argv[1:]
    signal.alarm(_LONGEST_BLOCK_S)
    if core != "-":
        os.sched_setaffinity(0, {int(core)})
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_FILE_BYTES, _MOST_FILE_BYTES))
    _answer(tree, int(replies), _rows(tree, wav, mel, rig))


def _rows(tree: str, wav: str, mel: str, rig: str) -> dict[str, Callable[[], Work]]:
    """Return what makes each row's work ready."""
    start = _started(wav)
    return {
        "start": lambda: start,
        "bake": lambda: _bake(wav),
        "live": lambda: _taken(_live(wav, rig)),
        "front_end": lambda: _front_end(wav),
        "engine": lambda: _engine(mel),
        "memory": lambda: lambda _: _peak_memory_bytes(),
        "visemes": lambda: lambda _: _visemes(wav),
        "kernels": lambda: lambda _: _kernels(tree),
    }


def _answer(tree: str, replies: int, makers: dict[str, Callable[[], Work]]) -> None:
    import signal

    ready: dict[str, Work] = {}
    for line in sys.stdin:
        signal.alarm(_LONGEST_BLOCK_S)
        name, count = line.split()
        try:
            if name not in ready:
                ready[name] = makers[name]()
                ready[name](int(count))
                _check(tree)
            began_ns = time.process_time_ns()
            given = ready[name](int(count))
            took_ns = time.process_time_ns() - began_ns
            _say(replies, {"ns": took_ns, "given": given})
        except Exception as error:
            _say(replies, _complaint(error))
        signal.alarm(0)


def _started(wav: str) -> Work:
    """Make the first frame of this process now; the work is to tell what that took, in ns."""
    try:
        next(_live(wav, None))
    except Exception as error:
        failure = error

        def fail(_: int) -> int:
            raise failure

        return fail
    took_ns = time.process_time_ns() - _BEGAN_NS
    return lambda _: took_ns


def _bake(wav: str) -> Work:
    import mandible

    def work(count: int) -> None:
        for _ in range(count):
            mandible.bake(wav)

    return work


def _live(wav: str, rig: str | None) -> Iterator[Any]:
    """Frames of the recording over and over, a hop at a time, with pulses where there is a rig."""
    import mandible

    shown = None if rig is None else mandible.Rig.load(rig)
    return iter(mandible.stream(_hops(wav), rig=shown))


def _hops(wav: str) -> Iterator[Any]:
    import wave

    import numpy as np

    with wave.open(wav) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.int16)
    hops = samples[: len(samples) // _HOP_SAMPLES * _HOP_SAMPLES].reshape(-1, _HOP_SAMPLES)
    while True:
        yield from hops


def _taken(frames: Iterator[Any]) -> Work:
    def work(count: int) -> None:
        for _ in range(count):
            next(frames)

    return work


def _front_end(wav: str) -> Work:
    import itertools

    import numpy as np

    from mandible.device.frontend import log_mel

    samples = np.concatenate(list(itertools.islice(_hops(wav), _MOST_HOPS)))

    def work(count: int) -> None:
        log_mel(samples[: count * _HOP_SAMPLES])

    return work


def _engine(mel: str) -> Work:
    import itertools

    import numpy as np

    from mandible.api import build_line

    engine = build_line().engine
    with np.load(mel) as stored:
        features = itertools.cycle(list(stored["mel"]))

    def work(count: int) -> None:
        for one in itertools.islice(features, count):
            engine.step(one)

    return work


def _peak_memory_bytes() -> int:
    # Not getrusage: that begins with what the parent had when it started us.
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def _visemes(wav: str) -> list[str]:
    import mandible

    frames: list[Any] = mandible.bake(wav)
    return [frame.viseme.name for frame in frames]


def _kernels(tree: str) -> list[str]:
    """Import every kernel that was built: without one, a tree may do the same work slowly and say nothing."""
    import importlib

    source = os.path.join(tree, "src")  # noqa: PTH118
    names = [
        os.path.relpath(place, source).replace(os.sep, ".") + "." + name.partition(".")[0]
        for place, _, files in os.walk(os.path.join(source, "mandible"), followlinks=True)  # noqa: PTH118
        for name in files
        if name.endswith(".so")
    ]
    return [importlib.import_module(name).__name__ for name in sorted(names)]


def _check(tree: str) -> None:
    """Refuse figures of any other mandible, such as one that is installed beside the tree."""
    home = os.path.realpath(tree) + os.sep
    for name, module in list(sys.modules.items()):
        place = getattr(module, "__file__", None)
        ours = name == "mandible" or name.startswith("mandible.")
        if ours and place is not None and not os.path.realpath(place).startswith(home):
            raise ForeignError(f"{name} was imported from {place}, not from {tree}")


def _complaint(error: Exception) -> dict[str, Any]:
    why = f"{type(error).__name__}: {error}"[:_LONGEST_WHY]
    return {"why": why, "foreign": isinstance(error, ForeignError)}


def _say(replies: int, told: dict[str, Any]) -> None:
    import json

    rest = json.dumps(told).encode() + b"\n"
    while rest:
        rest = rest[os.write(replies, rest) :]


if __name__ == "__main__":
    main()
