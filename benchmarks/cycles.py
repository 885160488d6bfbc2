"""Estimates of how long a hop takes on a microcontroller, from counted instructions and ``cycles.toml``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = Path(__file__).with_name("cycles.toml")


@dataclass(frozen=True)
class Pace:
    """What an instruction is taken to last on a core; the fields are those of the table."""

    cycles_per_instruction: float
    chip: str
    clock_mhz: int
    why: str

    def ms(self, instructions: float) -> float:
        """Return the estimate for so many instructions, in ms."""
        return instructions * self.cycles_per_instruction / (1000 * self.clock_mhz)

    def conditions(self) -> dict[str, str | int | float]:
        """Return what has to be said wherever the estimate is shown."""
        return {
            "cycles_per_instruction": self.cycles_per_instruction,
            "clock_mhz": self.clock_mhz,
            "chip": self.chip,
            "why": self.why,
        }


@cache
def paces() -> dict[str, Pace]:
    """Return the pace of every core by its name."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {core: Pace(**entry) for core, entry in table.items()}
