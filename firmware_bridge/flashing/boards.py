"""The boards that ``mandible flash`` knows, from ``boards.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mandible.firmware_bridge import toml_source


@dataclass(frozen=True, slots=True)
class Board:
    """A kind of board.

    Attributes:
        name: as people call it.
        id: how its firmware calls itself in the wire protocol.
        writer: ``"avrdude"`` or ``"uf2"``.
        part: avrdude's name of the chip, or the boot ROM's of the board.
        image: file name of the image that comes with the package; may hold ``{baud}``.
        bauds: rates there are images for; empty where the line has no rate.
        first_address: where its flash begins.
        flash_bytes: how much of it an image may take.
        programmer_bauds: at which its boot loader may listen, the likeliest first.
        uf2_family: the chip's family in a UF2 file; 0 where it takes none.
        usb: ``VID:PID`` of the port its firmware brings, empty where it brings none.
    """

    name: str
    id: str
    writer: str
    part: str
    image: str
    bauds: tuple[int, ...]
    first_address: int
    flash_bytes: int
    programmer_bauds: tuple[int, ...] = ()
    uf2_family: int = 0
    usb: str = ""


def _board(table: Mapping[str, Any]) -> Board:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    return Board(**fields)


def _boards() -> Mapping[str, Board]:
    tables = toml_source.parse(Path(__file__).with_name("boards.toml").read_text("utf-8"))
    return {name: _board(table) for name, table in tables.items()}


BOARDS: Mapping[str, Board] = _boards()
