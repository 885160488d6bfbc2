"""Reading an Intel HEX file strictly: every checksum, no gap in meaning, nothing twice.

The format: Intel, "Hexadecimal Object File Format Specification", revision A, 1988.
"""

from __future__ import annotations

from dataclasses import dataclass

_DATA, _END, _SEGMENT, _SEGMENT_START, _LINEAR, _LINEAR_START = range(6)
_SHORTEST = 5  # count, two bytes of address, type, checksum
_LONGEST_LINE = 1 + 2 * (255 + _SHORTEST)


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the bytes of an image lie: from ``first`` up to but not including ``end``, ``count`` of them."""

    first: int
    end: int
    count: int


def read_hex(text: bytes) -> Extent:
    """Return the extent of the image in ``text``; ValueError, which names the line, where it is not right."""
    taken: set[int] = set()
    base = 0
    ended = False
    for number, line in enumerate(text.splitlines(), 1):
        if not line:
            continue
        try:
            if ended:
                raise ValueError("something follows the end record")
            kind, address, data = _record(line)
            if kind == _DATA:
                _take(taken, base + address, len(data))
            elif kind in (_SEGMENT, _LINEAR):
                base = int.from_bytes(data, "big") << (4 if kind == _SEGMENT else 16)
            ended = kind == _END
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    if not ended:
        raise ValueError("its end record is missing: the file is cut short")
    if not taken:
        raise ValueError("it holds no bytes")
    return Extent(min(taken), max(taken) + 1, len(taken))


def _record(line: bytes) -> tuple[int, int, bytes]:
    if len(line) > _LONGEST_LINE or not line.startswith(b":"):
        raise ValueError("not an Intel HEX record")
    try:
        record = bytes.fromhex(line[1:].decode("ascii").strip())
    except ValueError:
        raise ValueError("not an Intel HEX record") from None
    if len(record) < _SHORTEST or len(record) != record[0] + _SHORTEST:
        raise ValueError("its length is not what it says")
    if sum(record) & 0xFF:
        raise ValueError("its checksum is wrong")
    kind, data = record[3], record[4:-1]
    lengths = {_END: 0, _SEGMENT: 2, _SEGMENT_START: 4, _LINEAR: 2, _LINEAR_START: 4}
    if kind > _LINEAR_START or len(data) != lengths.get(kind, len(data)):
        raise ValueError(f"record type {kind} is not right")
    return kind, int.from_bytes(record[1:3], "big"), data


def _take(taken: set[int], first: int, count: int) -> None:
    places = range(first, first + count)
    if not taken.isdisjoint(places):
        raise ValueError(f"address 0x{first:04x} is there twice")
    taken.update(places)
