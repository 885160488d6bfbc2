"""The jaw of most puppets: loudness opens it. Blocks of 20 ms, a fast attack, a slow release.

Live: a block's opening stands when the block has ended. Loudness is measured against the loudest so far and
against a floor that follows the quietest, so that no level has to be set.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

BLOCK_S = 0.02
BLOCK_SAMPLES = 320
ATTACK, RELEASE = 0.8, 0.35
# The loudest fades by half in 28 s, the floor doubles in 3 s, so that both follow a speaker who moves away.
LOUDEST_KEPT, FLOOR_RISES = 0.9995, 1.005
# What a quiet room has, and the least that speech has, as shares of full scale.
QUIETEST, SPEECH = 0.0005, 0.02
# Speech stands out of the floor by this; at this share of the loudest the jaw is wide open.
STANDS_OUT, WIDE = 2.0, 0.6
LOOKS_OPEN = 0.15


def start(folder: Path, options: dict[str, Any]) -> None:
    """Nothing to load."""


def prepare(pcm: bytes) -> Any:
    """Samples -> whole blocks, float32 from -1 to 1."""
    import numpy as np

    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
    return samples[: len(samples) // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES)


def hear(blocks: Any) -> list[float]:
    """Return the opening, 0 to 1, after every block."""
    import numpy as np

    loudest, floor, opening, found = SPEECH, SPEECH, 0.0, []
    for level in np.sqrt(np.mean(blocks * blocks, axis=1)).tolist():
        loudest = max(SPEECH, loudest * LOUDEST_KEPT, level)
        floor = max(QUIETEST, min(floor * FLOOR_RISES, level))
        wanted = 0.0
        if level > STANDS_OUT * floor:
            wanted = min(1.0, (level - floor) / (WIDE * loudest))
        opening += (ATTACK if wanted > opening else RELEASE) * (wanted - opening)
        found.append(opening)
    return found


def rows(openings: list[float], seconds: float) -> list[list[Any]]:
    """Return open or shut; the first block is heard with a shut jaw."""
    found: list[list[Any]] = [[0.0, BLOCK_S, "sil", 0.0]]
    for number, opening in enumerate(openings, 1):
        shown = "open" if opening > LOOKS_OPEN else "sil"
        found.append([number * BLOCK_S, (number + 1) * BLOCK_S, shown, round(opening, 3)])
    return found
