"""Reading a UF2 file strictly: every block for one chip, in order, none missing.

The format: https://github.com/microsoft/uf2.
"""

from __future__ import annotations

import struct

from mandible.firmware_bridge.flashing.intel_hex import Extent

BLOCK_BYTES = 512
_HEAD = struct.Struct("<8I")
_FIRST, _SECOND, _LAST = 0x0A324655, 0x9E5D5157, 0x0AB16F30
_NOT_FOR_FLASH = 0x0001
_FAMILY_GIVEN = 0x2000
# What the RP2040's boot ROM takes: whole pages of its flash (data sheet, 2.8.4.2).
_PAGE_BYTES = 256


def read_uf2(content: bytes, family: int) -> Extent:
    """Return the image's extent; ValueError, which names the block, where it is not right for ``family``."""
    count, rest = divmod(len(content), BLOCK_BYTES)
    if rest or not count:
        raise ValueError(
            f"its length is no multiple of {BLOCK_BYTES} bytes: the file is cut short, or no UF2"
        )
    addresses: list[int] = []
    for number in range(count):
        block = content[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
        try:
            addresses.append(_page(block, number, count, family))
        except ValueError as error:
            raise ValueError(f"block {number}: {error}") from None
    if len(set(addresses)) != count:
        raise ValueError("a page is there twice")
    return Extent(min(addresses), max(addresses) + _PAGE_BYTES, count * _PAGE_BYTES)


def _page(block: bytes, number: int, count: int, family: int) -> int:
    first, second, flags, address, size, own_number, own_count, own_family = _HEAD.unpack_from(block)
    if (first, second) != (_FIRST, _SECOND) or struct.unpack("<I", block[-4:]) != (_LAST,):
        raise ValueError("not a UF2 block")
    if flags & _NOT_FOR_FLASH:
        raise ValueError("not meant for the flash")
    if not flags & _FAMILY_GIVEN or own_family != family:
        found = f"0x{own_family:08x}" if flags & _FAMILY_GIVEN else "none"
        raise ValueError(f"made for another chip (family {found}, this board's is 0x{family:08x})")
    if (own_number, own_count) != (number, count):
        raise ValueError(f"it says it is block {own_number} of {own_count}: blocks are missing or mixed")
    if size != _PAGE_BYTES or address % _PAGE_BYTES:
        raise ValueError("not one whole page of the flash")
    return int(address)
