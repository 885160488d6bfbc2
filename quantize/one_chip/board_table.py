"""The boards that the program on one chip runs on, from ``boards.toml``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.quantize.chips import Chip, chips
from mandible.wording import shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Microphone:
    """A way to get samples: ``microphone_NAME.c``, with the ``parts`` it shares with others."""

    name: str
    parts: tuple[str, ...]
    about: str


@dataclass(frozen=True)
class OneChipBoard:
    """A board; the fields are those of ``boards.toml``."""

    key: str
    name: str
    chip: Chip
    target: str
    layer: str
    files: tuple[str, ...]
    id: str
    shortest_period_us: int
    flags: tuple[str, ...]
    link: str
    code_in_ram: bool
    watch: str
    parts: tuple[str, ...]
    microphones: tuple[Microphone, ...]
    firmware_flash_bytes: int
    firmware_ram_bytes: int
    image: str

    def microphone(self, name: str | None) -> Microphone:
        """Return the microphone of that name, the first where none is named; raises InputError."""
        for one in self.microphones:
            if name in (None, one.name):
                return one
        known = ", ".join(one.name for one in self.microphones)
        raise InputError(f"--microphone {shown(name)}: {self.name} has none of that name; use {known}")


def _read() -> dict[str, OneChipBoard]:
    table = tomllib.loads(Path(__file__).with_name("boards.toml").read_text(encoding="utf-8"))
    return {key: _board(key, row) for key, row in table.items()}


def _board(key: str, row: dict[str, Any]) -> OneChipBoard:
    microphones = tuple(
        Microphone(name, tuple(entry["parts"]), entry["about"]) for name, entry in row["microphones"].items()
    )
    lists = {name: tuple(row[name]) for name in ("files", "flags", "parts")}
    return OneChipBoard(
        **{**row, **lists, "key": key, "chip": chips()[row["chip"]], "microphones": microphones}
    )


BOARDS = _read()


def board_named(name: str) -> OneChipBoard:
    """Return a board; raises InputError for an unknown name."""
    if name not in BOARDS:
        raise InputError(f"--board {shown(name)} is unknown: use {', '.join(BOARDS)}")
    return BOARDS[name]
