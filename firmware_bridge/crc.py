"""CRC-16/MCRF4XX, the checksum of frames and of stored limits.

Polynomial 0x1021 reflected, start 0xFFFF, no final inversion; "123456789" gives 0x6F91. On an AVR it is
``_crc_ccitt_update`` of avr-libc.
"""

from __future__ import annotations

_POLYNOMIAL = 0x8408
_START = 0xFFFF


def _row(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_TABLE = tuple(_row(value) for value in range(256))


def crc16(data: bytes) -> int:
    """Return the checksum of ``data``, 0..65535."""
    crc = _START
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc
