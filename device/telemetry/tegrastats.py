"""NVIDIA's ``tegrastats``: one dense line about a Jetson.

The format is told in the Jetson Linux Developer Guide ("tegrastats Utility"); it differs from board to board
and from release to release: rails as ``POM_5V_IN 1022/1022`` or ``VDD_IN 2763mW/2846mW`` (now/average),
cores that are ``off``, clocks with and without brackets, loads that are left out, sensors that say -256C.
Whatever a line does not tell stays unknown; no line raises.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping

from mandible.device.telemetry.bounded_command import output_of
from mandible.device.telemetry.reading import Reading

SOURCE = "tegrastats"
INTERVAL_MS = 100
LIMIT_S = 1.0
_LONGEST_LINE = 4096

_RAM = re.compile(r"\bRAM (\d{1,9})/(\d{1,9})MB")
_SWAP = re.compile(r"\bSWAP (\d{1,9})/(\d{1,9})MB")
_CORES = re.compile(r"\bCPU \[([^\]]{1,2000})\]")
_CORE = re.compile(r"(\d{1,3})%(?:@(\d{1,6}))?")
_MEMORY = re.compile(r"\bEMC_FREQ (\d{1,3})%(?:@(\d{1,6})(?!\S))?")
_GPU = re.compile(r"\bGR3D_FREQ (?:(\d{1,3})%)?(?:@\[?(\d{1,6}(?:,\d{1,6})*))?")
_TEMPERATURE = re.compile(r"(?<!\S)([A-Za-z]\w{0,31})@(-?\d{1,4}(?:\.\d{1,6})?)C(?!\S)")
_RAIL = re.compile(r"(?<!\S)([A-Z][A-Z0-9_]{0,31}) (\d{1,7})(?:mW)?/\d{1,7}(?:mW)?(?!\S)")
# A switched-off sensor says -256; the power chip of older boards always says exactly 50 or 100.
_OFF_BELOW_C = -55.0
_NOT_MEASURED = "PMIC"
# The rails that carry all of a board; a board with none of them has its supplies side by side.
_INPUT_RAILS = ("VDD_IN", "POM_5V_IN")
# An unconnected channel, and amounts of memory whose unit got lost with the end of a line.
_NO_RAILS = ("NC", "RAM", "SWAP", "IRAM")


def read(search_path: str | None = None) -> Reading | None:
    """Run ``tegrastats`` until its first line and return what that tells; None where there is none."""
    program = shutil.which("tegrastats", path=search_path)
    if program is None:
        return None
    line = output_of([program, "--interval", str(INTERVAL_MS)], LIMIT_S, _LONGEST_LINE, one_line=True)
    return None if not line else parse(line)


def parse(line: str) -> Reading | None:
    """Return what a line of ``tegrastats`` tells, or None where it is no such line."""
    line = line[:_LONGEST_LINE]
    ram, cores = _RAM.search(line), _CORES.search(line)
    if ram is None and cores is None:
        return None
    swap, memory, gpu = _SWAP.search(line), _MEMORY.search(line), _GPU.search(line)
    percents, clocks_mhz = _each_core(cores.group(1)) if cores else (None, [])
    gpu_clocks_mhz = [int(mhz) for mhz in gpu.group(2).split(",")] if gpu and gpu.group(2) else []
    temperatures_c = {
        name: float(degrees)
        for name, degrees in _TEMPERATURE.findall(line)
        if float(degrees) > _OFF_BELOW_C and name.upper() != _NOT_MEASURED
    }
    rails_mw = {name: int(now) for name, now in _RAIL.findall(line) if name not in _NO_RAILS}
    return Reading(
        source=SOURCE,
        temperature_c=max(temperatures_c.values(), default=None),
        temperatures_c=temperatures_c,
        power_mw=board_power_mw(rails_mw),
        rails_mw=rails_mw,
        cpu_mhz=max(clocks_mhz, default=None),
        cpu_percent=percents,
        gpu_percent=float(gpu.group(1)) if gpu and gpu.group(1) else None,
        gpu_mhz=max(gpu_clocks_mhz, default=None),
        emc_percent=int(memory.group(1)) if memory else None,
        emc_mhz=int(memory.group(2)) if memory and memory.group(2) else None,
        ram_used_mb=int(ram.group(1)) if ram else None,
        ram_total_mb=int(ram.group(2)) if ram else None,
        swap_used_mb=int(swap.group(1)) if swap else None,
        swap_total_mb=int(swap.group(2)) if swap else None,
    )


def board_power_mw(rails_mw: Mapping[str, int]) -> int | None:
    """Return what a board draws: its input rail where it measures one, else the sum of its supplies."""
    for name in _INPUT_RAILS:
        if name in rails_mw:
            return rails_mw[name]
    return sum(rails_mw.values()) if rails_mw else None


def _each_core(listed: str) -> tuple[tuple[int | None, ...], list[int]]:
    """Return the load of each core (None: switched off) and the clocks in MHz that are told."""
    percents: list[int | None] = []
    clocks_mhz = []
    for core in listed.split(","):
        told = _CORE.fullmatch(core.strip())
        percents.append(int(told.group(1)) if told else None)
        if told and told.group(2):
            clocks_mhz.append(int(told.group(2)))
    return tuple(percents), clocks_mhz
