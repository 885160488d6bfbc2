"""Arrays in ``.npz`` files, read without trusting them: what ``numpy.savez`` would not write is refused.

``numpy.load`` believes a header that asks for terabytes, and a small file that expands to gigabytes.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Mapping
from math import prod
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from mandible.small_file import is_file
from mandible.whole_file import written

Arrays = dict[str, NDArray[np.generic]]
_MAGIC = b"\x93NUMPY\x01\x00"
# numpy/lib/format.py, version 1.0: magic, header length as uint16, header padded with blanks.
_HEADER = re.compile(
    rb"\{'descr': '([<|][a-z][0-9])', 'fortran_order': (False|True), 'shape': \(([0-9, ]{0,99})\), \} *\n"
)
_MOST_HEADER_BYTES = 1024
_MOST_MEMBERS = 4096


class DamagedError(Exception):
    """The file is none that ``write`` wrote; the message says why."""


def write(path: Path, arrays: Mapping[str, NDArray[np.generic]], compressed: bool = False) -> None:
    """Write arrays by name, never half a file; raises InputError where that cannot be done."""
    save = np.savez_compressed if compressed else np.savez
    with written(path) as partial, partial.open("wb") as stream:
        save(stream, **arrays)  # type: ignore[arg-type]


def read(path: Path, kinds: Collection[str], most_bytes: int) -> Arrays:
    """Return the arrays that ``write`` wrote, by name.

    Args:
        path: the file.
        kinds: allowed element types as headers spell them, such as ``<f4``.
        most_bytes: of all arrays together.

    Raises:
        FileNotFoundError: there is nothing at ``path``.
        DamagedError: no such file of arrays, or it holds more or other things.
    """
    if path.exists() and not is_file(path):
        raise DamagedError("not a regular file")
    try:
        with ZipFile(path) as file:
            return _arrays(file, kinds, most_bytes)
    except FileNotFoundError:
        raise
    # RuntimeError: a member with a password; NotImplementedError: a compression that this Python lacks.
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error, RuntimeError) as error:
        raise DamagedError(str(error)) from None


def _arrays(file: ZipFile, kinds: Collection[str], left_bytes: int) -> Arrays:
    members = file.infolist()
    if len(members) > _MOST_MEMBERS:
        raise DamagedError(f"{len(members)} arrays are too many")
    found = {}
    for member in members:
        with file.open(member) as stream:
            start = stream.read(len(_MAGIC) + 2)
            length = int.from_bytes(start[len(_MAGIC) :], "little")
            if not start.startswith(_MAGIC) or length > _MOST_HEADER_BYTES:
                raise DamagedError(f"{member.filename!r} is no array")
            header = _HEADER.fullmatch(stream.read(length))
            kind = header[1].decode() if header else "another type"
            if header is None or kind not in kinds:
                raise DamagedError(f"{member.filename!r} holds no plain numbers of type {' or '.join(kinds)}")
            shape = tuple(int(size) for size in header[3].decode().split(",") if size.strip())
            size_bytes = prod(shape) * np.dtype(kind).itemsize
            left_bytes -= size_bytes
            if left_bytes < 0:
                raise DamagedError("the arrays are larger than any of ours")
            content = stream.read(size_bytes + 1)  # one more: at the end of a member its checksum is compared
        if len(content) != size_bytes:
            raise DamagedError(f"{member.filename!r} is not {size_bytes} bytes long")
        array = np.frombuffer(content, kind).reshape(shape, order="F" if header[2] == b"True" else "C")
        found[member.filename.removesuffix(".npy")] = array
    return found
