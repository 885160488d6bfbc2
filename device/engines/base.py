"""What an inference engine is: features of one hop in, viseme logits out."""

from __future__ import annotations

from typing import Protocol

from mandible.device.frames import Logits, Mel


class Engine(Protocol):
    """A streaming int8 viseme network with its state inside.

    ``exact`` engines agree byte for byte with each other; the others stay within 3 LSB on logits.
    """

    name: str
    exact: bool

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits, and advance the state."""
        ...

    def reset(self) -> None:
        """Return to the state before the first hop (every ring holds its zero point)."""
        ...
