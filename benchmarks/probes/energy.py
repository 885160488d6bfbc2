"""What a second of speech costs in joules, where the computer can tell what it draws.

Rounds of idling, the line at the pace of speech, and the line as fast as it goes: what the idle computer
draws is measured anew in every round, right before what it is taken off from.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from mandible.api import assemble
from mandible.benchmarks import hearing
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.power import pace
from mandible.benchmarks.power.meter import Meter, Phase
from mandible.benchmarks.settings import bounded
from mandible.device import engines
from mandible.errors import DeviceError
from mandible.firmware_bridge.rig import Rig

PROBE = "energy"
LIVE, FLAT_OUT = "live", "flat out"
# Half a minute of speech is as good as any amount: it is only there to be worked on.
_MOST_HOPS = 3000


@dataclass(frozen=True)
class Settings:
    """What is measured, how often and for how long; an empty ``engine`` is the one a run would take."""

    model: str = "small"
    engine: str = ""
    rig: str = "skull"
    rounds: int = bounded(3, 1, 100)
    idle_s: float = bounded(5.0, 0.2, 3600.0)
    live_s: float = bounded(5.0, 0.2, 3600.0)
    flat_out_s: float = bounded(5.0, 0.2, 3600.0)
    interval_s: float = bounded(0.2, 0.01, 10.0)


@dataclass(frozen=True)
class Round:
    """One round."""

    idle: Phase
    ways: dict[str, Phase]


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement]:
    """Yield joules for a second of speech, above the idle computer and in all, of every rail.

    Raises:
        InputError: no such model, engine or rig.
        DeviceError: nothing here tells what the computer draws.
    """
    meter = Meter(bench.device.root, settings.interval_s)
    try:
        file = bench.model(settings.model)
        engine = settings.engine or engines.default_name()
        rig = Rig.load(settings.rig)
        line = assemble(file, engine, rig)
        score = hearing.score(line, bench.speech)  # the warm-up, too
        hops = hearing.first_hops(bench.speech, _MOST_HOPS)
        rounds = []
        for number in range(settings.rounds):
            bench.tell(f"round {number + 1} of {settings.rounds}")
            rounds.append(
                Round(
                    meter.during(lambda: _idle(settings.idle_s)),
                    {
                        LIVE: meter.during(lambda: pace.live(line, hops, settings.live_s)),
                        FLAT_OUT: meter.during(lambda: pace.flat_out(line, hops, settings.flat_out_s)),
                    },
                )
            )
    finally:
        meter.close()
    said = {**bench.conditions, "rig": settings.rig, "read_from": meter.sources}
    subject: dict[str, str | int] = {"model": file.name, "engine": engine}
    found = list(_figures(rounds, subject, said, meter.covers))
    if not found:
        raise DeviceError(f"{meter.sources}: they tell nothing that changes; a USB power meter does")
    yield from found
    yield hearing.accuracy(PROBE, subject, score, bench.conditions)


def _idle(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def _figures(
    rounds: list[Round], subject: dict[str, str | int], said: dict[str, str | int | float], covers: str
) -> Iterator[Measurement]:
    told = [set(phase.watts) for one in rounds for phase in (one.idle, *one.ways.values())]
    for rail in sorted(set.intersection(*told)):
        conditions = {**said, "covers": covers if rail == "total" else rail}
        idle_w = [one.idle.watts[rail] for one in rounds]
        idle = tuple((1000 * power_w,) for power_w in idle_w)
        yield Measurement(PROBE, "idle_power_mw", {"rail": rail}, idle, conditions)
        for way in (LIVE, FLAT_OUT):
            pairs = [(one.ways[way], power_w) for one, power_w in zip(rounds, idle_w, strict=True)]
            of = {**subject, "pace": way, "rail": rail}
            above = tuple((phase.above_j(rail, power_w),) for phase, power_w in pairs)
            yield Measurement(PROBE, "energy_j_per_audio_s", of, above, conditions)
            total = tuple((phase.all_j(rail, power_w),) for phase, power_w in pairs)
            yield Measurement(PROBE, "energy_total_j_per_audio_s", of, total, conditions)
