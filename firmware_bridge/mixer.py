"""Viseme weights to servo pulses: each servo goes to the weighted mean of the rig's poses. Integers only."""

from __future__ import annotations

import numpy as np

from mandible.device.frames import Frame
from mandible.firmware_bridge.rig import Rig

# Weights sum to this.
_FULL = 255


class Mixer:
    """Stage: fills ``pulses_us`` with where each servo should go, in the rig's channel order."""

    def __init__(self, rig: Rig) -> None:
        """Take the poses of ``rig``."""
        self._poses_us = np.array(rig.poses_us, np.int64)

    def step(self, frame: Frame) -> Frame:
        """Return the frame with ``pulses_us`` = the sum of weight * pose / 255, rounded to the nearest µs.

        ``frame.weights`` is (15,) uint8 and sums to 255, which keeps the result between the poses.
        """
        if frame.weights is None:
            raise ValueError("the mixer needs a decoded frame (weights)")
        sums = frame.weights.astype(np.int64) @ self._poses_us
        return frame.having(pulses_us=tuple(((sums + _FULL // 2) // _FULL).tolist()))

    def reset(self) -> None:
        """Nothing to forget: a pose depends on its own frame only."""
