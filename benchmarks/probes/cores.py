"""What the exported C takes on each simulated core: instructions, memory, and whether its bytes are right.

Counts come from QEMU and rp2040js, so they are the same on every computer. They are instructions, not
cycles: the time they are said to take is an estimate, with its multiplier beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mandible.api import assemble
from mandible.benchmarks import hearing, mcu
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.cycles import paces
from mandible.benchmarks.measurement import Measurement, exact
from mandible.benchmarks.missing import Missing
from mandible.benchmarks.settings import bounded, chosen
from mandible.device import engines
from mandible.errors import DeviceError, InputError, MandibleError
from mandible.models import released
from mandible.models.scoring.score import Score
from mandible.quantize import boards
from mandible.quantize.boards import tools
from mandible.quantize.boards.cores import optimisation
from mandible.quantize.c_code import export

PROBE = "cores"
_STAGES = tuple(stage.value for stage in boards.Stage)
_COMPILER = "arm-none-eabi-gcc"
# Gives the bytes that the exported C gives, and fast: what it hears is what the core hears.
_SAME_BYTES = ("c", mcu.EXACT_ENGINE)


@dataclass(frozen=True)
class Settings:
    """Which models on which cores, and how many hops they hear."""

    models: tuple[str, ...] = ("nano",)
    cores: tuple[str, ...] = chosen(boards.CORES, boards.CORES)
    stages: tuple[str, ...] = chosen(_STAGES, _STAGES)
    hops: int = bounded(100, 1, 10_000)


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement]:
    """Yield what every stage of every model takes on every core that can be simulated here.

    Raises:
        InputError: no such model.
        DeviceError: at the end, where a core lacks its simulator or a model does not fit.
    """
    missing = Missing()
    cores: dict[str, dict[str, str]] = {}
    for core in settings.cores:
        try:
            cores[core] = toolchain(core)
        except DeviceError as error:
            missing.note(core, error)
    pcm = hearing.first_hops(bench.speech, settings.hops)
    if not len(pcm):
        raise InputError(f"{bench.speech.name}: the recordings hold not one whole hop; choose longer ones")
    for name in settings.models if cores else ():
        file = bench.model(name)
        bench.tell(f"{file.name} on the host")
        heard, score = mcu.hear(file, pcm), _score(file, bench)
        for core, conditions in cores.items():
            bench.tell(f"{file.name} on {core}")
            stages = [boards.Stage(one) for one in settings.stages]
            if name != settings.models[0]:  # the front end is the same in every model
                stages = [one for one in stages if one is not boards.Stage.FRONT_END]
            said = {**bench.conditions, **conditions, "hops": len(pcm)}
            try:
                for found in _counted(file, core, stages, heard, bench.scratch):
                    yield from _figures(found, file.name, said)
                    if found.stage is boards.Stage.LINE and not found.differing_bytes:
                        subject = {"model": file.name, "core": core, "stage": found.stage.value}
                        yield hearing.accuracy(PROBE, subject, score, bench.conditions)
            except MandibleError as error:
                missing.note(f"{file.name} on {core}", error)
    missing.raise_if_any()


def toolchain(core: str) -> dict[str, str]:
    """Return what a core is compiled for and simulated with; raises DeviceError where that is missing."""
    boards.require(core)
    simulator = tools.RP2040JS.replace("@", " ")
    if boards.core(core).runner == "qemu":
        simulator = f"qemu-system-arm {tools.version('qemu-system-arm')}"
    return {"compiler": f"{_COMPILER} {tools.version(_COMPILER)} {optimisation()}", "simulator": simulator}


def _score(file: released.ModelFile, bench: Bench) -> Score:
    engine = next(one for one in _SAME_BYTES if one in engines.available())
    return hearing.score(assemble(file, engine, None), bench.speech)


def _counted(
    file: released.ModelFile, core: str, stages: list[boards.Stage], heard: mcu.Hearing, scratch: Path
) -> Iterator[mcu.Counted]:
    with TemporaryDirectory(dir=scratch) as folder:
        sources = Path(folder) / file.name
        export(file, sources, boards.core(core).target)
        for stage in stages:
            try:
                yield mcu.count(sources, core, stage, heard)
            except boards.TooLargeError as error:
                raise boards.TooLargeError(str(error).removeprefix(f"{sources}: ")) from None


def _figures(found: mcu.Counted, model: str, said: Mapping[str, Any]) -> Iterator[Measurement]:
    core = found.core.key
    subject: dict[str, str | int] = {"core": core, "stage": found.stage.value}
    if found.stage is not boards.Stage.FRONT_END:
        subject = {"model": model, **subject}
    most = found.run.most_instructions
    mean = float(np.mean(found.run.each_hop))
    yield Measurement(PROBE, "instructions_per_hop", subject, (found.run.each_hop,), said, (mean, mean))
    yield exact(PROBE, "most_instructions", subject, most, said)
    for figure, value in (
        ("flash_bytes", found.flash_bytes),
        ("ram_bytes", found.ram_bytes),
        ("stack_bytes", found.run.stack_bytes),
        ("differing_bytes", found.differing_bytes),
    ):
        yield exact(PROBE, figure, subject, value, said)
    pace = paces()[core]
    yield exact(PROBE, "estimated_ms_per_hop", subject, pace.ms(most), {**said, **pace.conditions()})
