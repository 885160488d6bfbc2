"""Reading a file that a person named, where a pipe, a device or gigabytes must not hold up the program."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.wording import shortened


def exists(path: Path) -> bool:
    """Whether anything is at ``path``; never at a name that is too long for one."""
    try:
        return path.exists()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Whether ``path`` leads to a regular file; a name that no file can have leads to none."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return False


def read_small(path: Path, most_bytes: int) -> bytes:
    """Return the content of a regular file of at most ``most_bytes``.

    Raises:
        InputError: it is missing, larger, no regular file, or cannot be read; one line that names it.
    """
    try:
        # Before opening: to open a pipe or a device may wait for ever, or do something.
        before = path.stat()
        if not stat.S_ISREG(before.st_mode):
            raise InputError(f"{path}: cannot be read: not a regular file; name a file")
        if before.st_size > most_bytes:
            most = f"{most_bytes >> 20} MiB" if most_bytes >= 1 << 20 else f"{most_bytes >> 10} KiB"
            raise InputError(f"{path}: larger than {most}, which no such file of ours is")
        # The kernel's own files say they are regular and empty, and reading some of them waits or never ends.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return file.read(before.st_size)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check its path") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise InputError(f"{path}: no file can have this name; check it") from None


def read_object(path: Path, most_bytes: int) -> dict[str, Any]:
    """Return the JSON object in a regular file of at most ``most_bytes``.

    Raises:
        InputError: as ``read_small``, or the file is no JSON object; one line that names it.
    """
    try:
        found = json.loads(read_small(path, most_bytes).decode("utf-8"))
    except (RecursionError, ValueError) as error:  # a number of thousands of digits is a ValueError too
        raise InputError(f"{path}: not a readable JSON file ({shortened(str(error))})") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: must hold a JSON object")
    return found
