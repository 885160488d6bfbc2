"""A flatbuffer reader that trusts no offset: whatever the bytes say, it stays inside them.

Format: https://flatbuffers.dev/internals/ (little-endian; tables find their fields through a vtable).
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Far above any model of ours; it keeps a hostile vector from being walked for minutes.
MAX_TABLES = 10_000


class DamagedError(Exception):
    """The bytes are not a well-formed flatbuffer; the text says what is wrong, without the file's name."""


class Table:
    """One table of a flatbuffer, its fields read on demand by their number in the schema.

    Every method raises ``DamagedError`` where an offset or length leads outside the data.
    """

    __slots__ = ("_data", "_fields", "_position", "_vtable")

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position
        self._vtable = position - int(_number(data, position, "<i"))
        size = int(_number(data, self._vtable, "<H"))
        if size < 4 or size % 2 or self._vtable + size > len(data):
            raise DamagedError(f"the table at byte {position} has no valid field list")
        self._fields = (size - 4) // 2

    @classmethod
    def root(cls, data: bytes) -> Table:
        """Return the outermost table of a whole file."""
        return cls(data, int(_number(data, 0, "<I")))

    def integer(self, field: int, kind: str, default: int = 0) -> int:
        """Return a whole number; ``kind`` is a ``struct`` letter such as ``i``, ``B`` or ``q``."""
        place = self._place(field)
        return default if place is None else int(_number(self._data, place, "<" + kind))

    def table(self, field: int) -> Table | None:
        """Return a nested table, or None where the field is absent."""
        place = self._place(field)
        return None if place is None else Table(self._data, self._follow(place))

    def tables(self, field: int) -> list[Table]:
        """Return a vector of tables; absent reads as empty."""
        start, count = self._vector(field, 4)
        if count > MAX_TABLES:
            raise DamagedError(f"a list of {count} tables is longer than any model needs")
        return [Table(self._data, self._follow(start + 4 * index)) for index in range(count)]

    def array(self, field: int, dtype: str) -> NDArray[Any]:
        """Return a vector of numbers as a read-only view; absent reads as empty."""
        item = np.dtype(dtype).newbyteorder("<")
        start, count = self._vector(field, item.itemsize)
        return np.frombuffer(self._data, item, count, start) if count else np.empty(0, item)

    def text(self, field: int) -> str:
        """Return a string; bytes that are not UTF-8 become replacement characters."""
        return self.array(field, "u1").tobytes().decode("utf-8", "replace")

    def _place(self, field: int) -> int | None:
        if field >= self._fields:
            return None
        offset = int(_number(self._data, self._vtable + 4 + 2 * field, "<H"))
        return self._position + offset if offset else None

    def _follow(self, place: int) -> int:
        return place + int(_number(self._data, place, "<I"))

    def _vector(self, field: int, item_bytes: int) -> tuple[int, int]:
        place = self._place(field)
        if place is None:
            return 0, 0
        start = self._follow(place)
        count = int(_number(self._data, start, "<I"))
        if start + 4 + count * item_bytes > len(self._data):
            raise DamagedError(f"a list of {count} entries at byte {start} runs past the end of the file")
        return start + 4, count


def _number(data: bytes, position: int, layout: str) -> int:
    if position < 0 or position + struct.calcsize(layout) > len(data):
        raise DamagedError(f"an offset leads to byte {position} of {len(data)}")
    value: int = struct.unpack_from(layout, data, position)[0]
    return value
