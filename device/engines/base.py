"""What an inference engine is: features of one hop in, viseme logits out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mandible.device.frames import MEL_BANDS, Logits, Mel
from mandible.models.network import Network


@dataclass(frozen=True, slots=True)
class HeadInfo:
    """An optional output beside the logits, such as ``laughter``; real value = (int8 - zero_point) * scale.

    Attributes:
        name: as in the model file.
        channels: numbers per hop.
        scale: real value of one int8 step.
        zero_point: the int8 number that means 0.
    """

    name: str
    channels: int
    scale: float
    zero_point: int


class Engine(Protocol):
    """A streaming int8 viseme network with its state inside.

    ``exact`` engines agree byte for byte with each other; the others stay within 3 LSB on logits.
    ``output_scale`` is the logits' float value per step. ``heads`` are the model's optional outputs, in the
    file's order; most models have none.
    """

    name: str
    exact: bool
    output_scale: float
    heads: tuple[HeadInfo, ...]

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits, and advance the state.

        Raises ValueError for features of another shape or type.
        """
        ...

    def head_values(self) -> Mapping[str, tuple[int, ...]]:
        """Return the int8 values of every head for the latest hop, by name; call it after ``step``."""
        ...

    def reset(self) -> None:
        """Return to the state before the first hop (every ring holds its zero point)."""
        ...


def check_features(mel: Mel) -> None:
    """Raise ValueError unless ``mel`` is the features of one hop."""
    if mel.shape != (MEL_BANDS,) or mel.dtype != "int8":
        raise ValueError(f"features of a hop are {MEL_BANDS} int8, got {mel.dtype}{list(mel.shape)}")


def heads_of(network: Network) -> tuple[HeadInfo, ...]:
    """Return what an engine tells about a network's heads."""
    outputs = [network.layers[head.value - 1].output for head in network.heads]
    return tuple(
        HeadInfo(head.name, head.channels, output.scale, output.zero_point)
        for head, output in zip(network.heads, outputs, strict=True)
    )
