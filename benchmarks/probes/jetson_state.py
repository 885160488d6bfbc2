"""A Jetson's power mode, clocks, loads, temperatures and rails, idle and while the line runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from mandible.api import assemble
from mandible.benchmarks import hearing
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.jetson import state
from mandible.benchmarks.jetson.mode import mode
from mandible.benchmarks.jetson.watching import telemetry_of, watched
from mandible.benchmarks.measurement import Measurement, NotMeasured, exact
from mandible.benchmarks.power import pace
from mandible.benchmarks.settings import bounded
from mandible.device import engines
from mandible.device.telemetry import Reading
from mandible.errors import DeviceError
from mandible.firmware_bridge.rig import Rig

PROBE = "jetson_state"
IDLE, RUNNING = "idle", "line"
_MOST_HOPS = 3000
_NO_MODE = (
    "neither jtop nor nvpmodel tells; run: sudo pip install jetson-stats && sudo systemctl restart jtop, "
    "then look with: nvpmodel -q"
)
_NOTHING = "neither jtop nor tegrastats nor the kernel tells anything; run: sudo pip install jetson-stats"


@dataclass(frozen=True)
class Settings:
    """How long the board is watched; an empty ``engine`` is the one a run would take."""

    model: str = "small"
    engine: str = ""
    rig: str = "skull"
    rounds: int = bounded(3, 1, 100)
    seconds: float = bounded(5.0, 0.1, 3600.0)
    every_s: float = bounded(1.0, 0.05, 60.0)


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement | NotMeasured]:
    """Yield how the board is set up, then what it reads, idle and with the line at the pace of speech.

    Raises:
        InputError: no such model, engine or rig.
        DeviceError: nothing tells anything.
    """
    engine = settings.engine or engines.default_name()
    file = bench.model(settings.model)
    line = assemble(file, engine, Rig.load(settings.rig))
    hops = hearing.first_hops(bench.speech, _MOST_HOPS)
    running = partial(pace.live, line, hops)
    rounds: dict[str, list[list[Reading]]] = {IDLE: [], RUNNING: []}
    with telemetry_of(bench.device.root) as telemetry:
        first = telemetry.read()
        setup = mode(bench.device.root, first)
        for number in range(settings.rounds):
            for name, work in ((IDLE, None), (RUNNING, running)):
                bench.tell(f"{name}, round {number + 1} of {settings.rounds}")
                rounds[name].append(watched(telemetry, settings.seconds, settings.every_s, work))
    if setup.power_mode is None:
        yield NotMeasured("power mode", _NO_MODE)
    else:
        number = -1 if setup.number is None else setup.number
        yield exact(PROBE, "power_mode", {"power_mode": setup.power_mode}, number, setup.conditions())
    if setup.clocks_held is not None:
        yield exact(PROBE, "clocks_held", {}, setup.clocks_held, setup.conditions())
    told = state.sources([readings for one in rounds.values() for readings in one])
    if not told:
        raise DeviceError(_NOTHING)
    said = {**setup.conditions(), "read_from": told, "rig": settings.rig}
    said |= {"model": file.name, "engine": engine}
    for name, readings in rounds.items():
        yield from state.figures(PROBE, name, readings, said)
