"""The parts of the line that can be run alone on a core."""

from __future__ import annotations

from enum import Enum


class Stage(Enum):
    """What one hop goes through."""

    FRONT_END = "front_end"
    NETWORK = "network"
    LINE = "line"

    @property
    def input_bytes(self) -> int:
        """Bytes of a hop that go in: 160 int16 samples, or 40 int8 features."""
        return 40 if self is Stage.NETWORK else 320

    @property
    def output_bytes(self) -> int:
        """Bytes of a hop that come out: 40 int8 features, 15 int8 logits, or 15 weights and a viseme."""
        return {Stage.FRONT_END: 40, Stage.NETWORK: 15, Stage.LINE: 16}[self]
