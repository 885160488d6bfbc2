"""CRC-16/MCRF4XX, the checksum of frames and of stored limits.

Polynomial 0x1021 reflected, start 0xFFFF, no final inversion; "123456789" gives 0x6F91. On an AVR it is
``_crc_ccitt_update`` of avr-libc.
"""

from __future__ import annotations

from binascii import crc_hqx

_START = 0xFFFF
_MIRRORED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def crc16(data: bytes) -> int:
    """Return the checksum of ``data``, 0..65535."""
    # The standard library counts the same polynomial from the other end, in C.
    mirrored = crc_hqx(data.translate(_MIRRORED), _START)
    return _MIRRORED[mirrored & 0xFF] << 8 | _MIRRORED[mirrored >> 8]
