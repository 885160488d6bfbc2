"""Readings of a board as figures: clocks, loads, temperatures and rails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mandible.benchmarks.measurement import Measurement, Rounds
from mandible.device.telemetry import Reading

BOARD = "board"
Subject = tuple[tuple[str, str | int], ...]
Values = dict[tuple[str, Subject], float]


def values(reading: Reading) -> Values:
    """Return what one reading says, by figure and subject."""
    plain: Mapping[str, float | None] = {
        "cpu_mhz": reading.cpu_mhz,
        "gpu_mhz": reading.gpu_mhz,
        "gpu_percent": reading.gpu_percent,
        "emc_mhz": reading.emc_mhz,
        "emc_percent": reading.emc_percent,
        "ram_used_mb": reading.ram_used_mb,
    }
    found: Values = {(name, ()): float(value) for name, value in plain.items() if value is not None}
    for core, percent in enumerate(reading.cpu_percent or ()):
        if percent is not None:
            found["core_percent", (("core", core),)] = float(percent)
    for sensor, degrees_c in reading.temperatures_c.items():
        found["sensor_c", (("sensor", sensor),)] = degrees_c
    for rail, power_mw in reading.rails_mw.items():
        found["rail_mw", (("rail", rail),)] = float(power_mw)
    if reading.power_mw is not None:
        found["rail_mw", (("rail", BOARD),)] = float(reading.power_mw)
    return found


def sources(rounds: Sequence[Sequence[Reading]]) -> str:
    """Return who told, in the order in which they did."""
    told = dict.fromkeys(one.source for readings in rounds for one in readings if one.source is not None)
    return ", ".join(told)


def figures(
    probe: str,
    state: str,
    rounds: Sequence[Sequence[Reading]],
    conditions: Mapping[str, str | int | float | bool],
) -> Iterator[Measurement]:
    """Yield every quantity that any reading told; a round in which nobody told it is left out.

    Args:
        probe: who measures.
        state: what the board did meanwhile.
        rounds: readings, one sequence a round.
        conditions: of the figures.
    """
    tables = [[values(one) for one in readings] for readings in rounds]
    for key in dict.fromkeys(key for tabled in tables for one in tabled for key in one):
        found: Rounds = tuple(
            taken for tabled in tables if (taken := tuple(one[key] for one in tabled if key in one))
        )
        figure, subject = key
        yield Measurement(probe, figure, {**dict(subject), "state": state}, found, conditions)
