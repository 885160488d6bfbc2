"""Which memory each value of a network lives in: a value's place is free again after its last reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mandible.models.layers import Add, Layer
from mandible.models.network import Network

INPUT = -1


@dataclass(frozen=True)
class Buffers:
    """The plan.

    Attributes:
        place: buffer number of each value; ``INPUT`` for value 0, which the caller keeps.
        sizes: bytes of each buffer.
    """

    place: tuple[int, ...]
    sizes: tuple[int, ...]


def sources(layer: Layer) -> tuple[int, ...]:
    """Return the numbers of the values that a layer reads."""
    return (layer.left.source, layer.right.source) if isinstance(layer, Add) else (layer.source,)


def plan(network: Network, sizes: Sequence[int], kept: Iterable[int]) -> Buffers:
    """Return where values live.

    Args:
        network: whose values they are.
        sizes: bytes of each value's row.
        kept: numbers of the values that are read after the last layer.
    """
    last_read = dict.fromkeys(range(len(network.layers) + 1), 0)
    for number, layer in enumerate(network.layers):
        for value in sources(layer):
            last_read[value] = number
    for value in kept:
        last_read[value] = len(network.layers)
    place, room, free = [INPUT], list[int](), list[int]()
    for number, layer in enumerate(network.layers):
        if not free:
            free.append(len(room))
            room.append(0)
        chosen = free.pop()
        # Not one that this layer reads: its kernels want a memory of their own for the result.
        room[chosen] = max(room[chosen], sizes[number + 1])
        place.append(chosen)
        free += sorted({place[value] for value in sources(layer) if value and last_read[value] == number})
    return Buffers(tuple(place), tuple(room))
