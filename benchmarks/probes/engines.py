"""Every model on every engine: what it costs beside how well it hears.

Each point of the grid (model, engine, precision, threads) is timed in fresh processes, all in turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from mandible.benchmarks import hearing
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.grid import accuracy
from mandible.benchmarks.grid.fresh import Round, Work, timed
from mandible.benchmarks.grid.point import ELSEWHERE, INT8, PRECISIONS, Point, points
from mandible.benchmarks.grid.turns import Turns, in_turns
from mandible.benchmarks.measurement import Measurement, NotMeasured, Subject
from mandible.benchmarks.peers.judging import Conditions
from mandible.benchmarks.settings import bounded, chosen
from mandible.device import engines
from mandible.device.engines.registry import MOST_THREADS
from mandible.device.frames import HOP_MS
from mandible.errors import MandibleError
from mandible.models.scoring.class_sets import ClassScore
from mandible.whole_file import written

PROBE = "engines"
ALL = "*"
PACKAGES = ("ai-edge-litert", "tflite-runtime", "onnxruntime")
HOP_S = HOP_MS / 1000


@dataclass(frozen=True)
class Settings:
    """What is measured, and how often.

    Attributes:
        models: released names or paths.
        engines: on each of them; ``*``: all that are installed here.
        every_engine_on: models that are measured on all other installed engines as well.
        precisions: those that an engine cannot have are left out of its points.
        threads: the same.
        rounds: each a fresh process.
        passes: of the line over the hops, at most, in a round.
        seconds: a round's passes end after so long, one at least.
        hops: of the speech that are timed, at most. Accuracy is judged by all of the speech.
    """

    models: tuple[str, ...] = ("nano", "small", "base")
    engines: tuple[str, ...] = chosen((ALL,), (ALL, *engines.NAMES))
    every_engine_on: tuple[str, ...] = ()
    precisions: tuple[str, ...] = chosen((INT8,), PRECISIONS)
    threads: tuple[int, ...] = field(default=(1,), metadata={"low": 1, "high": MOST_THREADS})
    rounds: int = bounded(5, 2, 100)
    passes: int = bounded(8, 1, 1000)
    seconds: float = bounded(0.5, 0.0, 60.0)
    hops: int = bounded(1000, 10, 100_000)


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement | NotMeasured]:
    """Yield every point's costs and accuracy; a point that cannot be measured is noted, others go on."""
    bench.packages.update(PACKAGES)
    ready: list[Point] = []
    for found in _points(settings, bench):
        if isinstance(found, NotMeasured):
            yield found
        else:
            ready.append(found)
    samples = hearing.first_hops(bench.speech, settings.hops)
    path = bench.scratch / "engine-hops.npy"
    with written(path) as partial:
        np.save(partial, samples)
    work = Work(path, settings.passes, settings.seconds)
    turns = in_turns(ready, settings.rounds, lambda point: timed(point, work, bench.scratch), bench.tell)
    for point, why in turns.failed.items():
        yield NotMeasured(point.told, why)
    for point, rounds in turns.rounds.items():
        yield from _costs(point, rounds, len(samples), bench)
    yield from _accuracy(turns, bench)


def _points(settings: Settings, bench: Bench) -> Iterator[Point | NotMeasured]:
    here = [name for name in engines.available() if name not in ELSEWHERE]
    common = tuple(
        dict.fromkeys(one for name in settings.engines for one in (here if name == ALL else [name]))
    )
    for named in dict.fromkeys((*settings.models, *settings.every_engine_on)):
        chosen_here = common if named in settings.models else ()
        if named in settings.every_engine_on:
            chosen_here = tuple(dict.fromkeys((*chosen_here, *here)))
        try:
            file = bench.model(named)
        except MandibleError as error:
            yield NotMeasured(named, str(error))
            continue
        for point in points(named, file, chosen_here, settings.precisions, settings.threads):
            try:
                point.check()
            except MandibleError as error:
                yield NotMeasured(point.told, str(error))
            else:
                yield point


def _costs(point: Point, rounds: list[Round], hops: int, bench: Bench) -> Iterator[Measurement]:
    said: Conditions = {**bench.conditions, "hops": hops, "weights": point.weights}
    audio_s = hops * HOP_S

    def figure(name: str, found: Sequence[tuple[float, ...]]) -> Measurement:
        return Measurement(PROBE, name, point.subject, tuple(found), said)

    yield figure("engine_us", [one.hops_us for one in rounds])
    yield figure("times_realtime", [tuple(audio_s / one for one in each.wall_s) for each in rounds])
    yield figure("cpu_s_per_audio_s", [tuple(one / audio_s for one in each.cpu_s) for each in rounds])
    memory = [(one.rss_mb,) for one in rounds if one.rss_mb is not None]
    if memory:
        yield figure("rss_mb", memory)
    yield figure("minor_faults", [one.minor_faults for one in rounds])
    yield figure("major_faults", [one.major_faults for one in rounds])
    yield figure("start_ms", [(one.start_ms,) for one in rounds])


def _accuracy(turns: Turns, bench: Bench) -> Iterator[Measurement | NotMeasured]:
    """Judge once what was heard alike: exact engines, and threads that change no answer."""
    known: dict[tuple[str, ...], ClassScore] = {}
    # The cheapest first: it is the one that hears for all of its kind.
    for point, rounds in sorted(turns.rounds.items(), key=lambda one: min(one[1][0].cpu_s)):
        first = rounds[0]
        kind = "exact" if first.exact else point.engine
        key = (point.path, kind, point.precision, first.answers)
        said: Conditions = {**bench.conditions, "weights": point.weights}
        try:
            if key not in known:
                bench.tell(f"how well {point.told} hears")
                known[key] = accuracy.scored(point.line(point.create()), bench.speech)
        except MandibleError as error:
            yield NotMeasured(f"accuracy of {point.told}", str(error))
            continue
        subject: Subject = point.subject
        yield from accuracy.measurements(PROBE, subject, known[key], said)
