"""The image to be written, the package's or a person's own, checked before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mandible.errors import InputError
from mandible.firmware_bridge import firmware
from mandible.firmware_bridge.flashing.boards import Board
from mandible.firmware_bridge.flashing.intel_hex import Extent, read_hex
from mandible.firmware_bridge.flashing.uf2_file import read_uf2
from mandible.small_file import read_small

SHIPPED = Path(firmware.__path__[0]) / "images"
# Of the file, for a byte of flash: a block of UF2 is twice its page, a line of Intel HEX may hold one byte.
_FILE_BYTES = {"uf2": 2, "avrdude": 16}


@dataclass(frozen=True, slots=True)
class Image:
    """An image that fits the board.

    Attributes:
        path: the file.
        content: what was checked.
        extent: where its bytes go.
    """

    path: Path
    content: bytes
    extent: Extent


def shipped_path(board: Board, baud: int) -> Path:
    """Return the image for ``board`` whose serial line runs at ``baud``; InputError where there is none."""
    if board.bauds and baud not in board.bauds:
        rates = ", ".join(map(str, board.bauds))
        raise InputError(
            f"--port: there is no image for {baud} baud, only for {rates}; take one of these "
            f"(?baud={board.bauds[-1]}), or build your own and name it with --image"
        )
    return SHIPPED / board.image.format(baud=baud)


def load_image(board: Board, path: Path) -> Image:
    """Return the image in ``path``; InputError, which says what is wrong, where it is not for ``board``."""
    content = read_small(path, board.flash_bytes * _FILE_BYTES[board.writer])
    try:
        extent = read_uf2(content, board.uf2_family) if board.writer == "uf2" else read_hex(content)
        _check_place(board, extent)
    except ValueError as error:
        form = "UF2" if board.writer == "uf2" else "Intel HEX"
        raise InputError(
            f"{path}: not an image for the {board.name} ({form}): {error}; name another with --image"
        ) from None
    return Image(path, content, extent)


def _check_place(board: Board, extent: Extent) -> None:
    if extent.first != board.first_address:
        raise ValueError(f"it begins at 0x{extent.first:x}, not at 0x{board.first_address:x}")
    room = board.first_address + board.flash_bytes
    if extent.end > room:
        raise ValueError(f"it ends at 0x{extent.end:x}, beyond the 0x{room:x} that are free")
