"""Features as a picture: an indexed PNG in which every pixel is one int8 feature.

PNG as in the W3C recommendation (third edition): signature, IHDR, PLTE, IDAT, IEND.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

# Quiet to loud: night, sea, leaf, sand. Lightness rises evenly, so that it reads in grey too.
GRADIENT = ((8, 10, 28), (27, 46, 92), (21, 104, 124), (74, 160, 122), (203, 192, 112), (255, 246, 219))
SHOWN = (-70, 100)  # features under and over are drawn as these: -58 dB is quieter than any room
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def palette() -> NDArray[np.uint8]:
    """Return (256, 3) red, green and blue of the features -128 to 127."""
    low, high = SHOWN
    at = np.clip((np.arange(-128, 128) - low) / (high - low), 0, 1) * (len(GRADIENT) - 1)
    stops = np.array(GRADIENT, np.float64)
    channels = [np.interp(at, np.arange(len(GRADIENT)), stops[:, channel]) for channel in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


def spectrogram_png(mels: NDArray[np.int8]) -> bytes:
    """(hops, 40) features -> PNG, a pixel per hop and band, low bands below; at least one hop."""
    pixels = (mels.astype(np.int16) + 128).astype(np.uint8).T[::-1]
    height, width = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels], axis=1)  # filter 0 before each row
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", palette().tobytes())
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )
