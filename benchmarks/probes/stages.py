"""Where the time of a hop goes, stage by stage, in the line that ``run`` and ``bake`` use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mandible.api import assemble, choose, motion_of
from mandible.benchmarks import hearing
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.measurement import Measurement, Rounds, Subject
from mandible.benchmarks.settings import bounded
from mandible.benchmarks.stage_times import WHOLE, Times, stages
from mandible.errors import DeviceError
from mandible.firmware_bridge.rig import Rig
from mandible.own_python import own_python
from mandible.quantize import programs
from mandible.wording import shortened

PROBE = "stages"
_NS_PER_US = 1000
_LIMIT_S = 300.0
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Settings:
    """What is timed.

    Attributes:
        models: names or paths.
        engine: name; empty is the default of this computer.
        rig: whose motion the line makes.
        hops: so many of the speech at most.
        rounds: processes, one after the other; each has another place in memory.
        passes: of each process over the hops.
    """

    models: tuple[str, ...] = ("small",)
    engine: str = ""
    rig: str = "skull"
    hops: int = bounded(1000, 10, 100_000)
    rounds: int = bounded(5, 1, 100)
    passes: int = bounded(2, 1, 1000)


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement]:
    """Yield every stage's durations and the whole line's, and how well that line hears."""
    hops = hearing.first_hops(bench.speech, settings.hops)
    heard = bench.scratch / "hops.npy"
    np.save(heard, hops)
    rig = Rig.load(settings.rig)
    names = stages(motion_of(rig))
    lines = {name: choose(name, settings.engine or None, None) for name in settings.models}
    for name in settings.models:
        bench.model(name)
    kept: dict[str, list[Times]] = {name: [] for name in lines}
    for number in range(settings.rounds):
        for name, (_, engine) in lines.items():
            bench.tell(f"{name} on {engine}, round {number + 1} of {settings.rounds}")
            out = bench.scratch / "times.npy"
            kept[name].append(_round(name, engine, settings, heard, out))
    conditions = {**bench.conditions, "hops": len(hops), "passes": settings.passes}
    for name, (file, engine) in lines.items():
        subject: Subject = {"model": file.name, "engine": engine, "rig": settings.rig}
        for column, stage in enumerate(names):
            figure = "line_us" if stage == WHOLE else "stage_us"
            rounds = _rounds(kept[name], column)
            yield Measurement(PROBE, figure, {**subject, "stage": stage}, rounds, conditions)
        score = hearing.score(assemble(file, engine, rig), bench.speech)
        yield hearing.accuracy(PROBE, {**subject, "stage": WHOLE}, score, bench.conditions)


def _rounds(times: list[Times], column: int) -> Rounds:
    return tuple(tuple((one[:, :, column].ravel() / _NS_PER_US).tolist()) for one in times)


def _round(model: str, engine: str, settings: Settings, heard: Path, out: Path) -> Times:
    words = (model, engine, settings.rig, str(heard), str(settings.passes), str(out))
    out.unlink(missing_ok=True)  # of the round before
    done = programs.run(own_python("mandible.benchmarks.stage_times", *words), _LIMIT_S)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1] if said else f"it ended with {done.returncode} and did not say why"
        raise DeviceError(f"{model} on {engine}: {shortened(why, _LONGEST_REASON)}")
    times: Times = np.load(out)
    return times
