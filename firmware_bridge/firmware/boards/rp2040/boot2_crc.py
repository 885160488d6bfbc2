"""Fill the second stage up to 252 bytes and add the CRC-32 that the RP2040's boot ROM checks.

``python3 boot2_crc.py BOOT2.bin BOOT2_CHECKED.S``: the result is assembled into the image. The CRC has the
polynomial 0x04C11DB7, starts with 0xFFFFFFFF, and nothing is reflected or inverted (RP2040 datasheet,
2.8.1.3.1).
"""

from __future__ import annotations

import sys
from pathlib import Path

POLYNOMIAL = 0x04C11DB7
CODE_BYTES = 252


def crc32(data: bytes) -> int:
    """Return the boot ROM's CRC-32 of ``data``."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (POLYNOMIAL if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def main() -> None:
    """Write the checked second stage as assembler source."""
    code = Path(sys.argv[1]).read_bytes()
    if len(code) > CODE_BYTES:
        sys.exit(f"{sys.argv[1]}: {len(code)} bytes, but the boot ROM takes {CODE_BYTES} and a CRC")
    code = code.ljust(CODE_BYTES, b"\0")
    whole = code + crc32(code).to_bytes(4, "little")
    rows = [", ".join(f"0x{byte:02x}" for byte in whole[at : at + 16]) for at in range(0, len(whole), 16)]
    lines = ['    .section .boot2, "a"', *(f"    .byte {row}" for row in rows)]
    Path(sys.argv[2]).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
