"""How loud a hop is."""

from __future__ import annotations

import math

import numpy as np

from mandible.device.frames import Pcm

FLOOR_DB = -60.0
_FULL_SCALE = 32768.0


def level_db(pcm: Pcm) -> float:
    """Return the root mean square of int16 samples in dB below full scale, not under ``FLOOR_DB``."""
    power = float(np.mean(np.square(pcm.astype(np.float64)))) / _FULL_SCALE**2 if len(pcm) else 0.0
    return FLOOR_DB if power <= 0 else max(FLOOR_DB, 10 * math.log10(power))
