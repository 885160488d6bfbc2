"""Writing an RP2040 by copying a UF2 file onto the drive that its boot ROM shows."""

from __future__ import annotations

import errno
import os
import re
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import serial

from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.flashing.boards import Board
from mandible.firmware_bridge.flashing.image import Image
from mandible.saying import say

INFO = "INFO_UF2.TXT"
NAME = "mandible.uf2"
BOOT_LOADER_BAUD = 1200
_MOST_INFO_BYTES = 4096
# How the kernel writes a blank, a tab, a line's end or a backslash in the list of mounts (proc(5)).
_OCTAL = re.compile(r"\\([0-7]{3})")
_CHUNK_BYTES = 64 << 10
_POLL_S = 0.05
# The boot ROM starts the new program when the last block is there; desktops take a while to notice.
_GONE_S = 10.0
_HALF = "the board holds no whole image and stays in its boot loader: flash it again"


def mounted_drives(board: Board, mounts: Path = Path("/proc/self/mounts")) -> tuple[Path, ...]:
    """Return where drives of this board's boot ROM are mounted."""
    return tuple(place for place in _mount_points(mounts) if is_drive(place, board))


def _mount_points(mounts: Path) -> Iterator[Path]:
    with suppress(OSError):
        for line in mounts.read_text("utf-8", "surrogateescape").splitlines():
            fields = line.split(" ")
            if len(fields) > 2 and fields[2] == "vfat":
                yield Path(_OCTAL.sub(lambda escape: chr(int(escape[1], 8)), fields[1]))


def is_drive(place: Path, board: Board) -> bool:
    """Whether the boot ROM of such a board shows itself at ``place``."""
    info = place / INFO
    try:
        with info.open("rb") as file:
            return f"Board-ID: {board.part}".encode() in file.read(_MOST_INFO_BYTES).splitlines()
    except OSError:
        return False


def the_drive(board: Board, named: Path | None, wait_s: float = 0.0) -> Path | None:
    """Return the drive to copy onto; None where none is mounted within ``wait_s``.

    Raises InputError for a named place that is no such drive, and where there are several.
    """
    if named is not None:
        if not is_drive(named, board):
            raise InputError(
                f"--drive {named}: no {board.part} drive (it has no {INFO} that says so); hold BOOTSEL while "
                "plugging the board in, and name where it is mounted"
            )
        return named
    until_s = time.monotonic() + wait_s
    while True:
        found = mounted_drives(board)
        if len(found) > 1:
            names = " or ".join(map(str, found))
            raise InputError(f"{len(found)} boards wait for an image; name one: --drive {names}")
        if found or time.monotonic() >= until_s:
            return found[0] if found else None
        time.sleep(_POLL_S)


def ask_for_boot_loader(port: str) -> None:
    """Let the firmware at the tty ``port`` start its boot loader: it does when 1200 baud are asked of it.

    Raises DeviceError where the port cannot be opened.
    """
    try:
        serial.Serial(port, BOOT_LOADER_BAUD, exclusive=True).close()
    except (OSError, termios.error, ValueError) as error:
        raise DeviceError(f"{port}: cannot be opened ({error}); is another program using it?") from None


def copy(board: Board, image: Image, drive: Path, gone_s: float = _GONE_S) -> None:
    """Copy, and wait until the boot ROM has taken it: then it lets go of the drive.

    Raises DeviceError, which says what the board holds now, where it does not.
    """
    target = drive / NAME
    given = 0
    try:
        with target.open("wb", buffering=0) as file:
            while given < len(image.content):
                given += file.write(image.content[given : given + _CHUNK_BYTES])
            os.fsync(file.fileno())
    except KeyboardInterrupt:
        _give_up(target)
        say(f"mandible: interrupted; {_HALF}")
        raise
    except OSError as error:
        # The last block ends the drive, often before the system has written down the file's name.
        taken = given == len(image.content) and error.errno in (errno.EIO, errno.ENODEV, errno.ENOENT)
        if not taken or is_drive(drive, board):
            _give_up(target)
            raise DeviceError(f"{target}: {error.strerror or error}; {_HALF}") from None
    until_s = time.monotonic() + gone_s
    while is_drive(drive, board):
        if time.monotonic() > until_s:
            _give_up(target)
            raise DeviceError(f"{drive}: the board did not take the image; {_HALF}")
        time.sleep(_POLL_S)


def _give_up(target: Path) -> None:
    with suppress(OSError):
        target.unlink(missing_ok=True)
