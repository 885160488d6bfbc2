"""The steps of a conversation with a board."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """How far the conversation has come. Set-points are accepted in ``READY`` and ``MOVING``."""

    GREETING = "greeting"
    CLOCKING = "measuring the board's clock"
    READY = "ready"
    MOVING = "moving"
    UNCALIBRATED = "stored limits differ from the rig"
    STORING = "storing limits"
    PARKING = "parking"
    CLOSED = "closed"
    REFUSED = "refused"
