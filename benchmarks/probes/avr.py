"""The servo firmware on a simulated Arduino Uno: interrupts, planning, memory, serial line, pulses.

The simulator is GPL software, so it and what drives it are part of the source folder's tests and never of
the package: they run as a program of their own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.measurement import Measurement, exact
from mandible.benchmarks.settings import bounded, chosen
from mandible.errors import DeviceError
from mandible.firmware_bridge.flashing.boards import BOARDS
from mandible.quantize import programs
from mandible.quantize.boards.tools import first_complaint

PROBE = "avr"
BOARD = "uno"
SOURCE_FOLDER = Path(__file__).resolve().parents[2]
PROGRAM = "tests.measure.uno"
# The first time firmware and simulator are compiled.
STARTING_S = 120.0
HOP_LIMIT_S = 0.2
HOP_S = 0.01
MISSING = 3


@dataclass(frozen=True)
class Settings:
    """At which rates of the line, and for how many set-points, one every 10 ms."""

    bauds: tuple[int, ...] = chosen((115_200,), BOARDS[BOARD].bauds)
    hops: int = bounded(300, 60, 10_000)


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement]:
    """Yield the firmware's figures at every rate.

    Raises:
        DeviceError: there is no source folder, or a compiler or the simulator is missing.
    """
    bench.tell("firmware")
    found = _ran(settings, bench.scratch, SOURCE_FOLDER)
    for row in found["rows"]:
        yield from _figures(row, found["compiler"])


def _ran(settings: Settings, scratch: Path, source: Path) -> Any:
    if not (source / PROGRAM.replace(".", "/")).with_suffix(".py").is_file():
        raise DeviceError(
            "the Arduino's simulator is part of mandible's source folder, not of the installed package; "
            "run this from a checkout: make install && .venv/bin/mandible benchmark --device mcu"
        )
    result = scratch / "uno.json"
    words = [sys.executable, "-m", PROGRAM, "-o", str(result), "--hops", str(settings.hops), "--bauds"]
    limit_s = STARTING_S + HOP_LIMIT_S * settings.hops * len(settings.bauds)
    done = programs.run([*words, *map(str, settings.bauds)], limit_s, folder=source)
    said = first_complaint(done.stderr.decode(errors="replace"))
    if done.returncode == MISSING:
        raise DeviceError(said)
    if done.returncode != 0:
        raise DeviceError(f"{PROGRAM} ended with {done.returncode}: {said}")
    return json.loads(result.read_text(encoding="utf-8"))


def _figures(row: Mapping[str, Any], compiler: str) -> Iterator[Measurement]:
    said = {
        "compiler": compiler,
        "simulator": "simavr",
        "channels": 12,
        "set_points_per_s": 100,
        "hops": row["hops"],
    }
    subject: dict[str, str | int] = {"board": BOARD, "baud": row["baud"]}
    for name, took_us in row["interrupts_us"].items():
        of = {**subject, "stage": name}
        yield _timed("interrupt_us", of, took_us, said)
        yield exact(PROBE, "interrupts_per_s", of, round(len(took_us) / (HOP_S * row["hops"]), 2), said)
    yield _timed("planning_us", subject, row["planning_us"], said)
    for figure, key in (
        ("line_load_percent", "line_per_cent"),
        ("processor_percent", "processor_per_cent"),
        ("width_off_us", "width_off_us"),
        ("bytes_lost", "bytes_lost"),
        ("flash_bytes", "flash_bytes"),
        ("ram_bytes", "static_bytes"),
        ("stack_bytes", "stack_bytes"),
    ):
        yield exact(PROBE, figure, subject, row[key], said)


def _timed(
    figure: str, subject: Mapping[str, str | int], took_us: list[float], said: Mapping[str, Any]
) -> Measurement:
    if not took_us:
        raise DeviceError(f"{PROGRAM}: {figure} of {subject}: the simulated board did nothing of the kind")
    longest = max(took_us)
    # A handler without a branch takes the same each time: once is all there is to tell.
    samples = tuple(took_us) if min(took_us) < longest else (longest,)
    return Measurement(PROBE, figure, subject, (samples,), said, (longest, longest))
