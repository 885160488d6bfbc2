"""WAV files made byte by byte, right and wrong ones, without the code under test."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def chunk(name: bytes, body: bytes) -> bytes:
    """One RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    """A WAVE file from chunks."""
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def fmt(code: int, channels: int, rate_hz: int, bits: int, *, extensible: bool = False) -> bytes:
    """A format chunk."""
    frame_bytes = channels * ((bits + 7) // 8)
    shown = 0xFFFE if extensible else code
    body = struct.pack("<HHIIHH", shown, channels, rate_hz, rate_hz * frame_bytes % 2**32, frame_bytes, bits)
    if extensible:
        body += struct.pack("<HHIH", 22, bits, 0, code) + GUID_TAIL
    return chunk(b"fmt ", body)


def samples(values: ArrayLike, bits: int, *, is_float: bool = False) -> bytes:
    """Values of full scale ±1 as sample bytes, rounded to the nearest step."""
    array = np.asarray(values, np.float64).ravel()
    if is_float:
        return array.astype("<f4" if bits == 32 else "<f8").tobytes()
    steps = np.clip(np.rint(array * 2.0 ** (bits - 1)), -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1).astype(
        np.int64
    )
    if bits == 8:
        return (steps + 128).astype(np.uint8).tobytes()
    return steps.astype("<i8").view(np.uint8).reshape(-1, 8)[:, : bits // 8].tobytes()


def write_wav(
    path: Path,
    values: ArrayLike,
    *,
    rate_hz: int = 16_000,
    bits: int = 16,
    is_float: bool = False,
    extensible: bool = False,
) -> Path:
    """Write (n,) or (n, channels) values of full scale ±1."""
    array = np.asarray(values, np.float64)
    channels = 1 if array.ndim == 1 else array.shape[1]
    head = fmt(3 if is_float else 1, channels, rate_hz, bits, extensible=extensible)
    path.write_bytes(riff(head, chunk(b"data", samples(array, bits, is_float=is_float))))
    return path
