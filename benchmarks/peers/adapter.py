"""Runs a rival over recordings: what it showed, and what that cost.

A rival runs as a program of its own, once for a whole list of recordings: ``adapters/serve.py`` (Python) or
``adapters/serve.mjs`` (Node.js) reads the request, starts the rival, lets it hear the first recording once to
warm up, then times each recording. What is peculiar to a rival is a file beside them with four functions:

    start(folder, options)   once: load it. ``folder``: where it is installed; ``options``: of ``peers.toml``.
    prepare(pcm)             samples -> what the rival takes: its sample rate, its number type. Not counted in
                             ``cpu_s`` but told apart. ``pcm``: ``bytes`` of int16, little-endian, 16 kHz, mono
                             (Python) or an ``Int16Array`` (Node.js).
    hear(prepared)           the rival's own work, the only part that ``cpu_s`` and ``wall_s`` count.
    rows(heard, seconds)     its answer -> list of [start_s, end_s, class, openness or None], in order of time.
                             Not counted. A live rival's row begins when its answer was there.

and, where part of ``hear`` is done by native code on the rival's own platform, a fifth:

    emulated(prepared)       that part alone, as we emulate it; its cost is told as ``emulated_cpu_s``.

A Python adapter imports the rival inside its functions; ``serve.py`` runs isolated, so that an adapter may
have the name of what it imports. What either prints is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mandible.benchmarks.peers.catalogue import Peer
from mandible.benchmarks.speech import Recording

Row = tuple[float, float, str, float | None]


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
    raise NotImplementedError
