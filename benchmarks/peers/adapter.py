"""Runs a rival over recordings: what it showed, and what that cost.

A rival runs as a program of its own, once for a whole list of recordings: ``adapters/serve.py`` (Python) or
``adapters/serve.mjs`` (Node.js) reads the request, starts the rival, lets it hear the first recording once to
warm up, then times each recording. What is peculiar to a rival is a file beside them with four functions:

    start(folder, options)  once: load it. ``folder``: where it is installed; ``options``: of ``peers.toml``.
    prepare(pcm)            samples -> what the rival takes: its sample rate, its number type. Not counted in
                            ``cpu_s`` but told apart. ``pcm``: ``bytes`` of int16, little-endian, 16 kHz,
                            mono (Python) or an ``Int16Array`` (Node.js).
    hear(prepared)          the rival's own work, the only part that ``cpu_s`` and ``wall_s`` count.
    rows(heard, seconds)    its answer -> list of [start_s, end_s, class, openness or None], in time order.
                            Not counted. A live rival's row begins when its answer was there.

and, where part of ``hear`` is done by native code on the rival's own platform, a fifth:

    emulated(prepared)      that part alone, as we emulate it; its cost is told as ``emulated_cpu_s``.

A Python adapter imports the rival inside its functions; ``serve.py`` runs isolated, so that an adapter may
have the name of what it imports. What either prints is thrown away.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mandible.benchmarks.peers.cache import python_of
from mandible.benchmarks.peers.catalogue import ADAPTERS, Peer
from mandible.benchmarks.speech import Recording
from mandible.device.telemetry.bounded_command import output_of
from mandible.errors import DeviceError
from mandible.wording import shortened

Row = tuple[float, float, str, float | None]

# Loading, compiling and hearing the first recording, on the slowest computer.
START_LIMIT_S = 180.0
_ROW_BYTES = 120
_MOST_ROWS_PER_S = 250.0
_LONGEST_CLASS = 32
_LONGEST_REASON = 200
_TOUCH_S = 1e-6
_ONE_THREAD = tuple(
    f"{name}=1"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
)
# Nothing of the user's own may change what is measured.
_PLAIN = ("-u", "NODE_OPTIONS", "-u", "PYTHONPATH", "-u", "PYTHONSTARTUP")


@dataclass(frozen=True)
class Heard:
    """What a rival made of one recording.

    Attributes:
        name: the recording's.
        rows: (start_s, end_s, class, openness 0..1 or None where it tells none), sorted, no two overlap.
        cpu_s: time of all its threads, user and system, from samples in memory to classes. On Node.js that
            includes the threads that compile and collect garbage.
        wall_s: the same by the clock.
        prepare_cpu_s: what making its input (another sample rate) took; not part of ``cpu_s``.
        emulated_cpu_s: share of ``cpu_s`` that is ours, in place of native code of its platform; 0 for most.
    """

    name: str
    rows: tuple[Row, ...]
    cpu_s: float
    wall_s: float
    prepare_cpu_s: float
    emulated_cpu_s: float


@dataclass(frozen=True)
class Pass:
    """One pass of a rival over recordings, in a process of its own: a round.

    Attributes:
        recordings: one for each recording, in the order asked.
        start_cpu_s: what loading and warming up took.
        peak_rss_mb: most memory the process held, the recordings included.
        runtime: what ran it, such as ``node v20.1.0``.
    """

    recordings: tuple[Heard, ...]
    start_cpu_s: float
    peak_rss_mb: float
    runtime: str

    @property
    def cpu_s(self) -> float:
        """Of all recordings."""
        return sum(one.cpu_s for one in self.recordings)


def heard(
    peer: Peer,
    folder: Path,
    recordings: Sequence[Recording],
    scratch: Path,
    tell: Callable[[str], None] = lambda _: None,
) -> Pass:
    """Run a rival over recordings, once, on one thread where it can be asked to.

    Args:
        peer: which.
        folder: where it is installed (``cache.installed``).
        recordings: what it hears.
        scratch: where the request may lie; removed after use.
        tell: called with a word on what is being done.

    Raises:
        DeviceError: it cannot be started, takes too long, or its answer is no answer; one line.
    """
    tell(f"{peer.name} hears {len(recordings)} recordings")
    seconds = sum(one.seconds for one in recordings)
    limit_s = START_LIMIT_S + peer.cpu_limit * (seconds + recordings[0].seconds)
    # What a killed rival started may still be dying in it.
    with tempfile.TemporaryDirectory(prefix="peer-", dir=scratch, ignore_cleanup_errors=True) as place:
        try:
            request = _request(peer, folder, recordings, Path(place))
        except OSError as error:
            raise DeviceError(
                f"{peer.name}: {scratch}: cannot be written: {error.strerror or error}; make room there"
            ) from None
        most_bytes = int(4096 + _ROW_BYTES * _MOST_ROWS_PER_S * (seconds + len(recordings)))
        began_s = time.monotonic()
        said = output_of(_command(peer, folder, request), limit_s, most_bytes)
        took_s = time.monotonic() - began_s
    if said is None:
        raise DeviceError(f"{peer.name}: its adapter does not start")
    try:
        return _checked(json.loads(said), peer, recordings, limit_s)
    except (ValueError, RecursionError, KeyError, TypeError, OverflowError) as error:
        if took_s >= limit_s:
            raise DeviceError(f"{peer.name}: no answer within {limit_s:.0f} s; give it less speech") from None
        where = f"{type(error).__name__}: {error}" if said else "it ended without a word"
        raise DeviceError(
            f"{peer.name}: its answer is no answer ({shortened(where, _LONGEST_REASON)}); "
            "measure without it, or remove its folder from the cache"
        ) from None


def _request(peer: Peer, folder: Path, recordings: Sequence[Recording], place: Path) -> Path:
    files = []
    for number, recording in enumerate(recordings):
        file = place / f"{number}.pcm"
        file.write_bytes(recording.pcm.astype("<i2").tobytes())
        files.append({"pcm": str(file), "seconds": recording.seconds})
    request = place / "request.json"
    # A program without packages of its own shares those that this one runs with.
    search = sys.path if peer.source == "none" else []
    asked = {
        "adapter": str(ADAPTERS / peer.adapter),
        "folder": str(folder),
        "options": dict(peer.options),
        "search": search,
        "recordings": files,
    }
    request.write_text(json.dumps(asked), encoding="utf-8")
    return request


def _command(peer: Peer, folder: Path, request: Path) -> list[str]:
    if peer.needs_node:
        if shutil.which("node") is None:
            raise DeviceError(f"{peer.name}: needs node: sudo apt install nodejs npm")
        program = ["node", str(ADAPTERS / "serve.mjs")]
    else:
        python = str(python_of(folder)) if peer.source == "pip" else sys.executable
        program = [python, "-I", str(ADAPTERS / "serve.py")]
    # Its temporary files go where they are removed, also when it is killed.
    return ["/usr/bin/env", *_PLAIN, *_ONE_THREAD, f"TMPDIR={request.parent}", *program, str(request)]


def _checked(answer: Any, peer: Peer, recordings: Sequence[Recording], limit_s: float) -> Pass:
    """Return what an adapter wrote; it and the rival may have written anything."""
    if "error" in answer:
        raise DeviceError(f"{peer.name}: {shortened(str(answer['error']), _LONGEST_REASON)}")
    told = answer["recordings"]
    if len(told) != len(recordings):
        raise ValueError(f"{len(told)} recordings for {len(recordings)}")
    return Pass(
        tuple(_heard(one, recording, limit_s) for one, recording in zip(told, recordings, strict=True)),
        _number(answer, "start_cpu_s", math.inf),
        _number(answer, "peak_rss_mb", math.inf),
        shortened(_text(answer["runtime"])),
    )


def _heard(told: Mapping[str, Any], recording: Recording, limit_s: float) -> Heard:
    rows: list[Row] = []
    if not isinstance(told["rows"], list):
        raise TypeError("rows is no list")
    for start_s, end_s, name, openness in told["rows"]:
        begin_s, stop_s = _finite(start_s), _finite(end_s)
        if begin_s < (rows[-1][1] - _TOUCH_S if rows else 0.0) or stop_s < begin_s:
            raise ValueError(f"a row from {begin_s:g} to {stop_s:g} s is out of order")
        if not 0 < len(_text(name)) <= _LONGEST_CLASS:
            raise ValueError("a class has no name, or too long a one")
        opening = None if openness is None else _finite(openness)
        if opening is not None and not 0 <= opening <= 1:
            raise ValueError(f"an openness of {opening:g} is not from 0 to 1")
        # A live answer to the last samples comes after they ended.
        stop_s = min(stop_s, recording.seconds)
        begin_s = max(begin_s, rows[-1][1] if rows else 0.0)
        if begin_s < stop_s:
            rows.append((begin_s, stop_s, name, opening))
    # Several threads may each take all the time there is.
    most_s = 64 * limit_s
    return Heard(
        recording.name,
        tuple(rows),
        _number(told, "cpu_s", most_s),
        _number(told, "wall_s", most_s),
        _number(told, "prepare_cpu_s", most_s),
        _number(told, "emulated_cpu_s", most_s),
    )


def _number(told: Mapping[str, Any], name: str, most: float) -> float:
    value = _finite(told[name])
    if not 0 <= value <= most:
        raise ValueError(f"{name}: {value:g} cannot be")
    return value


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{shortened(str(value))} is no number")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{shortened(str(value))} is no text")
    return value
