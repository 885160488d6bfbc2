"""Consistent overhead byte stuffing: any bytes become bytes without a zero, one longer per 254.

After S. Cheshire and M. Baker, "Consistent Overhead Byte Stuffing", IEEE/ACM Transactions on Networking
7(2), 1999.
"""

from __future__ import annotations

_LONGEST_RUN = 254


def encode(data: bytes) -> bytes:
    """Return ``data`` with every zero byte stuffed away (no delimiters)."""
    if len(data) < _LONGEST_RUN:
        return b"".join([bytes((len(run) + 1,)) + run for run in data.split(b"\x00")])
    out = bytearray(b"\x00")
    code_at = 0
    for byte in data:
        # A full run is closed only when more follows: data that ends with one needs no empty run after it.
        if len(out) - code_at > _LONGEST_RUN:
            out[code_at] = _LONGEST_RUN + 1
            code_at = len(out)
            out.append(0)
        if byte:
            out.append(byte)
        else:
            out[code_at] = len(out) - code_at
            code_at = len(out)
            out.append(0)
    out[code_at] = len(out) - code_at
    return bytes(out)


def decode(data: bytes) -> bytes | None:
    """Return what ``encode`` was given, or None where ``data`` is not a stuffed block."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        run = data[at + 1 : at + code]
        if code == 0 or len(run) != code - 1 or 0 in run:
            return None
        out += run
        at += code
        if code <= _LONGEST_RUN and at < len(data):
            out.append(0)
    return bytes(out) if data else None
