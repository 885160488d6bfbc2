"""Makes a short block of sound one sample longer or shorter, so that nobody hears it.

Along the block the sound glides from itself to itself moved by one sample. Its ends stay what they were, so
blocks still join; in between it is at worst half a sample off, which dulls only what lies near half the
sample rate.
"""

from __future__ import annotations

import numpy as np

from mandible.device.speaker.playback_ring import Block


def shortened_by_one(block: Block) -> Block:
    """(n, channels) int16, n of at least 2 -> (n - 1, channels)."""
    return glided(block[:-1], block[1:])


def lengthened_by_one(block: Block) -> Block:
    """(n, channels) int16, n of at least 1 -> (n + 1, channels)."""
    return glided(np.concatenate([block, block[-1:]]), np.concatenate([block[:1], block]))


def glided(old: Block, new: Block) -> Block:
    """Blend two (n, channels) blocks, all ``old`` at the first sample and all ``new`` at the last."""
    share = np.linspace(0.0, 1.0, len(old))[:, None]
    blended: Block = np.rint(old * (1 - share) + new * share).astype(np.int16)
    return blended
