"""Auxiliary outputs of a network beside its 15 logits, and the part of a network that the logits need.

A head is a 1x1 convolution (or any other value of the graph) that a file offers after its logits, such as
``voiced`` or ``arousal``. Engines show only the logits; whoever runs the file in an interpreter gets both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mandible.models.layers import Add, Layer
from mandible.models.quantisation import UnfitError

MOST_HEADS = 16
# A head's name is the name of its tensor; ours for the other tensors are taken.
NAME = re.compile(r"(?!(?:mel|logits|(?:next_)?state_\d+|window_\d+)$)[A-Za-z][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Head:
    """One auxiliary output.

    Attributes:
        name: of its tensor in the file.
        value: number of the value it shows; layer i computes value i + 1.
        channels: numbers per hop.
    """

    name: str
    value: int
    channels: int


def check_names(names: Sequence[str]) -> None:
    """Raise UnfitError unless these can name the heads of one network."""
    for name in names:
        if not NAME.fullmatch(name):
            raise UnfitError(
                f"{name!r} cannot name a head: use letters, digits, _ and -, and none of our names"
            )
    if len(set(names)) != len(names):
        raise UnfitError("two heads have the same name")


def leading_to(layers: Sequence[Layer], value: int) -> tuple[Layer, ...]:
    """Return the layers that ``value`` depends on, renumbered, so that the last one computes it."""
    needed, waiting = set(), [value]
    while waiting:
        number = waiting.pop()
        if number and number not in needed:
            needed.add(number)
            waiting += _sources(layers[number - 1])
    kept = sorted(needed)
    numbers = {0: 0, **{old: new for new, old in enumerate(kept, start=1)}}
    return tuple(_renumbered(layers[number - 1], numbers) for number in kept)


def _sources(layer: Layer) -> tuple[int, ...]:
    return (layer.left.source, layer.right.source) if isinstance(layer, Add) else (layer.source,)


def _renumbered(layer: Layer, numbers: dict[int, int]) -> Layer:
    if isinstance(layer, Add):
        left, right = (replace(side, source=numbers[side.source]) for side in (layer.left, layer.right))
        return replace(layer, left=left, right=right)
    return replace(layer, source=numbers[layer.source])
