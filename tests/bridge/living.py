"""A small rig with a mouth and parts that live, and frames for it."""

from __future__ import annotations

import numpy as np

from mandible.device.frames import Frame
from mandible.firmware_bridge.rig import Rig

RIG = """schema = 1
[channels.jaw]
output = 0
min_us = 1200
max_us = 1600
neutral_us = 1300
[channels.lids]
output = 1
min_us = 1000
max_us = 2000
neutral_us = 1000
[channels.head]
output = 2
min_us = 1000
max_us = 2000
neutral_us = 1500
reversed = true
[poses.aa]
jaw = 1.0
"""
PCM = np.zeros(160, np.int16)


def rig(more: str = "") -> Rig:
    """The rig with some more tables."""
    return Rig.parse("r.toml", RIG + more)


def mixed(index: int, of: Rig, **fields: object) -> Frame:
    """A frame as the mixer leaves it, with every channel at neutral."""
    return Frame(index, 0, PCM, pulses_us=of.neutral_us).having(**fields)
