"""What an inference engine is: features of one hop in, viseme logits out."""

from __future__ import annotations

from typing import Protocol

from mandible.device.frames import MEL_BANDS, Logits, Mel


class Engine(Protocol):
    """A streaming int8 viseme network with its state inside.

    ``exact`` engines agree byte for byte with each other; the others stay within 3 LSB on logits.
    ``output_scale`` is the logits' float value per step.
    """

    name: str
    exact: bool
    output_scale: float

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits, and advance the state.

        Raises ValueError for features of another shape or type.
        """
        ...

    def reset(self) -> None:
        """Return to the state before the first hop (every ring holds its zero point)."""
        ...


def check_features(mel: Mel) -> None:
    """Raise ValueError unless ``mel`` is the features of one hop."""
    if mel.shape != (MEL_BANDS,) or mel.dtype != "int8":
        raise ValueError(f"features of a hop are {MEL_BANDS} int8, got {mel.dtype}{list(mel.shape)}")
