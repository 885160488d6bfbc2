"""The line at the pace of speech for minutes, under the thermometer: heat, clocks, throttling, slower hops.

A mouth leaves a core idle nearly all the time, so it hardly warms a computer by itself; ``busy_cores`` keeps
others busy beside it, as a robot's other work does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mandible.api import assemble
from mandible.benchmarks import hearing
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.measurement import Measurement, Series
from mandible.benchmarks.power import pace
from mandible.benchmarks.power.burner import burning
from mandible.benchmarks.power.watching import Watched, watching
from mandible.benchmarks.settings import bounded
from mandible.device import engines
from mandible.errors import DeviceError
from mandible.firmware_bridge.rig import Rig

PROBE = "endurance"
MINUTE_S = 60.0
_MOST_HOPS = 3000
_MOST_SENSORS = 32
_GRACE_S = 30.0


@dataclass(frozen=True)
class Settings:
    """How long, how often telemetry is read, and how many cores are kept busy beside the line."""

    model: str = "small"
    engine: str = ""
    rig: str = "skull"
    seconds: float = bounded(600.0, 0.0, 86_400.0)
    interval_s: float = bounded(1.0, 0.05, 60.0)
    busy_cores: int = bounded(0, 0, 256)


@dataclass(frozen=True)
class Hops:
    """What the line did, hop by hop: when each was done, how long it took, and by how much it was late."""

    done_s: NDArray[np.float64]
    took_us: NDArray[np.float64]
    late_s: NDArray[np.float64]

    def minutes(self) -> list[NDArray[np.float64]]:
        """Return the durations of each minute; of a run shorter than two, of each half."""
        lasted_s = max(float(self.done_s[-1]), pace.HOP_S)
        count = max(2, round(lasted_s / MINUTE_S))
        numbers = np.minimum((self.done_s / lasted_s * count).astype(int), count - 1)
        return [part for number in range(count) if len(part := self.took_us[numbers == number])]


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement | Series]:
    """Yield what the line and the computer did over time; nothing where ``seconds`` is 0.

    Raises:
        InputError: no such model, engine or rig.
        DeviceError: at the end, where the computer does not tell its heat, or whether it is held back.
    """
    if settings.seconds == 0:
        return
    file, engine = bench.model(settings.model), settings.engine or engines.default_name()
    rig = Rig.load(settings.rig)
    line = assemble(file, engine, rig)
    score = hearing.score(line, bench.speech)  # the warm-up, too
    speech = hearing.first_hops(bench.speech, _MOST_HOPS)
    rows: list[tuple[float, float, float]] = []
    bench.tell(f"{settings.seconds:g} s of speech")
    with ExitStack() as stack:
        if settings.busy_cores:
            longest_s = settings.seconds + _GRACE_S
            stack.enter_context(burning(settings.busy_cores, str(file.path), engine, longest_s))
        watched = stack.enter_context(
            watching(bench.device.root, settings.interval_s, settings.busy_cores > 0)
        )
        pace.live(line, speech, settings.seconds, lambda *row: rows.append(row))
    due_s, done_s, took_us = np.array(rows, np.float64).T
    hops = Hops(done_s - due_s[0], took_us, done_s - due_s)
    subject: dict[str, str | int] = {"model": file.name, "engine": engine}
    said = {
        **bench.conditions,
        "rig": settings.rig,
        "busy_cores": settings.busy_cores,
        "seconds": settings.seconds,
    }
    yield from _of_the_line(hops, subject, said)
    yield hearing.accuracy(PROBE, subject, score, bench.conditions)
    yield from _of_the_computer(watched, settings.interval_s, said)
    yield _series(watched, hops, float(due_s[0]), subject)
    _say_what_was_not_told(watched)


def _of_the_line(
    hops: Hops, subject: dict[str, str | int], said: dict[str, str | int | float]
) -> Iterator[Measurement]:
    minutes = hops.minutes()
    medians = [float(np.median(one)) for one in minutes]
    yield Measurement(PROBE, "line_us", subject, tuple(tuple(one.tolist()) for one in minutes), said)
    yield Measurement(PROBE, "minute_p50_us", subject, tuple((one,) for one in medians), said)
    tails = tuple((float(np.percentile(one, 99)),) for one in minutes)
    yield Measurement(PROBE, "minute_p99_us", subject, tails, said)
    yield Measurement(PROBE, "slowdown", subject, ((medians[-1] / medians[0],),), said)
    late = int((hops.late_s > pace.HOP_S).sum())
    yield Measurement(PROBE, "late_hops", subject, ((float(late),),), said)


def _of_the_computer(
    watched: Watched, interval_s: float, said: dict[str, str | int | float]
) -> Iterator[Measurement]:
    sensors = sorted({name for look in watched.looks for name in look.reading.temperatures_c})
    for sensor in sensors[:_MOST_SENSORS]:
        known = (look.reading.temperatures_c.get(sensor) for look in watched.looks)
        degrees_c = tuple(one for one in known if one is not None)
        yield Measurement(PROBE, "temperature_c", {"sensor": sensor}, (degrees_c,), said)
    if watched.tells_held_back:
        reasons = sorted({name for look in watched.looks for name in look.held_back})
        seconds = interval_s * sum(bool(look.held_back) for look in watched.looks)
        told = {**said, "by": ", ".join(reasons) or "nothing"}
        yield Measurement(PROBE, "held_back_s", {}, ((seconds,),), told)


def _series(watched: Watched, hops: Hops, began_s: float, subject: dict[str, str | int]) -> Series:
    """Return a row for every look; ``line_us`` is the median of the hops since the one before."""
    looks = watched.looks
    at_s = [look.at_s - began_s for look in looks]
    edges = np.searchsorted(hops.done_s, [-np.inf, *at_s])
    parts = [hops.took_us[low:high] for low, high in pairwise(edges)]
    return Series(
        PROBE,
        "endurance",
        subject,
        {
            "time_s": at_s,
            "temperature_c": [look.reading.temperature_c for look in looks],
            "cpu_mhz": [look.reading.cpu_mhz for look in looks],
            "power_mw": [look.reading.power_mw for look in looks],
            "line_us": [float(np.median(part)) if len(part) else None for part in parts],
            "throttled": [float(bool(look.held_back)) if watched.tells_held_back else None for look in looks],
        },
    )


def _say_what_was_not_told(watched: Watched) -> None:
    readings = [look.reading for look in watched.looks]
    lacking = [
        what
        for what, told in (
            ("its temperature (sys/class/thermal)", any(one.temperatures_c for one in readings)),
            ("its clock (cpufreq)", any(one.cpu_mhz is not None for one in readings)),
            ("what it draws (see docs/power.md)", any(one.power_mw is not None for one in readings)),
            ("whether it is held back", watched.tells_held_back),
        )
        if not told
    ]
    if lacking:
        raise DeviceError(f"all but the line's times: this computer does not tell {', '.join(lacking)}")
