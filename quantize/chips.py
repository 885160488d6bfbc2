"""The microcontrollers of ``chips.toml``, and what one of them leaves for a mouth."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mandible.device.frames import HOP_MS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Of the instructions of a hop at one a cycle, which no core keeps up: the rest is for waits and for others.
SHARE = 0.5
BYTES_PER_KIB = 1024


@dataclass(frozen=True)
class Chip:
    """A microcontroller.

    Attributes:
        name: as ``--budget core=`` takes it.
        board: one that carries it.
        core: a core of ``costs.toml``.
        flash_bytes, ram_bytes: what it has.
        instructions: what a hop of 10 ms may take of it.
    """

    name: str
    board: str
    core: str
    flash_bytes: int
    ram_bytes: int
    instructions: int


@cache
def chips() -> dict[str, Chip]:
    """Return the chips by name."""
    table = tomllib.loads(Path(__file__).with_name("chips.toml").read_text(encoding="utf-8"))
    return {
        name: Chip(
            name,
            row["board"],
            row["core"],
            row["flash_kib"] * BYTES_PER_KIB,
            row["ram_kib"] * BYTES_PER_KIB,
            int(row["clock_mhz"] * 1000 * HOP_MS * SHARE),
        )
        for name, row in table.items()
    }
