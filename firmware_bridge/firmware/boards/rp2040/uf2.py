"""Write a flash image as UF2, the form in which the RP2040's boot ROM takes one by USB.

``python3 uf2.py IMAGE.bin IMAGE.uf2``. Blocks of 512 bytes with 256 of the image each, see
https://github.com/microsoft/uf2.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
FAMILY_PRESENT = 0x2000
RP2040_FAMILY = 0xE48BFF56
FLASH_START = 0x10000000
PAGE_BYTES = 256


def uf2(image: bytes) -> bytes:
    """Return ``image``, which starts at the flash's start, as UF2; its last page is filled with zeros."""
    count = -(-len(image) // PAGE_BYTES)
    blocks = []
    for number in range(count):
        page = image[number * PAGE_BYTES : (number + 1) * PAGE_BYTES].ljust(PAGE_BYTES, b"\0")
        address = FLASH_START + number * PAGE_BYTES
        fields = (FAMILY_PRESENT, address, PAGE_BYTES, number, count, RP2040_FAMILY)
        head = struct.pack("<8I", *MAGIC[:2], *fields)
        blocks.append(head + page.ljust(476, b"\0") + struct.pack("<I", MAGIC[2]))
    return b"".join(blocks)


def main() -> None:
    """Convert one file."""
    Path(sys.argv[2]).write_bytes(uf2(Path(sys.argv[1]).read_bytes()))


if __name__ == "__main__":
    main()
