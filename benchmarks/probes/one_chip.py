"""A puppet on one chip, from microphone to servo: what each hop takes, and whether its pulses are right.

The image that ``mandible export firmware`` writes runs on QEMU's Cortex-M4 and on rp2040js, in virtual time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mandible.api import assemble
from mandible.benchmarks import hearing, mcu, one_chip
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.cycles import paces
from mandible.benchmarks.measurement import Measurement, exact
from mandible.benchmarks.missing import Missing
from mandible.benchmarks.probes.cores import toolchain
from mandible.benchmarks.settings import bounded, chosen
from mandible.device import engines
from mandible.errors import DeviceError, MandibleError
from mandible.firmware_bridge.rig import Rig
from mandible.models.scoring.score import Score
from mandible.quantize.one_chip import BOARDS

PROBE = "one_chip"


@dataclass(frozen=True)
class Settings:
    """Which boards, and how many hops they hear."""

    boards: tuple[str, ...] = chosen(tuple(BOARDS), tuple(BOARDS))
    hops: int = bounded(1000, 50, 10_000)


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement]:
    """Yield what the puppet's image takes on every board that can be simulated here.

    Raises:
        DeviceError: at the end, where a board lacks its compiler or simulator.
    """
    missing = Missing()
    pcm = hearing.first_hops(bench.speech, settings.hops)
    file, rig = bench.model(one_chip.MODEL), Rig.load(one_chip.RIG)
    engine = next(name for name in ("c", mcu.EXACT_ENGINE) if name in engines.available())
    score: Score | None = None
    for key in settings.boards:
        bench.tell(f"{file.name} on {key}")
        try:
            said = {**bench.conditions, **toolchain(BOARDS[key].chip.core), "hops": len(pcm)}
            played = one_chip.play(key, pcm)
        except MandibleError as error:
            missing.note(key, error)
            continue
        subject: dict[str, str | int] = {"model": file.name, "board": key, "rig": one_chip.RIG}
        yield from _figures(played, subject, said)
        if not played.differing_bytes:
            if score is None:
                score = hearing.score(assemble(file, engine, rig), bench.speech)
            yield hearing.accuracy(PROBE, subject, score, bench.conditions)
    missing.raise_if_any()


def _figures(
    played: one_chip.Played, subject: dict[str, str | int], said: Mapping[str, Any]
) -> Iterator[Measurement]:
    counts = tuple(map(float, played.seen.instructions))
    if not counts:
        raise DeviceError(f"{played.board.name}: the puppet heard nothing; give it longer speech")
    mean, most = float(np.mean(counts)), max(counts)
    yield Measurement(PROBE, "instructions_per_hop", subject, (counts,), said, (mean, mean))
    for figure, value in (
        ("most_instructions", most),
        ("flash_bytes", played.flash_bytes),
        ("ram_bytes", played.ram_bytes),
        ("differing_bytes", played.differing_bytes),
        ("pulse_apart_us", played.most_apart_us),
        ("set_points_refused", played.refused),
    ):
        yield exact(PROBE, figure, subject, value, said)
    pace = paces()[played.board.chip.core]
    yield exact(PROBE, "estimated_ms_per_hop", subject, pace.ms(most), {**said, **pace.conditions()})
