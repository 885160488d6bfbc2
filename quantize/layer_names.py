"""Names for the layers of a network by their place in it, as a person would call them.

A model file's own names come from its converter. These follow the family's plan: ``stem``, then for each
block ``block0_depth``, ``block0_point``, ``block0_add``; what an output shows is ``logits``, or ``head_`` and
the head's name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mandible.models.heads import Head
from mandible.models.layers import Add, Depthwise
from mandible.models.network import Network

STEM, DEPTH, POINT, ADD = "stem", "depth", "point", "add"
_KINDS: dict[type, str] = {Depthwise: DEPTH, Add: ADD}


def layer_names(network: Network) -> list[str]:
    """Return one name for each layer, in their order, all different and fit for C."""
    outputs = {head.value: head_name(head) for head in network.heads}
    outputs[network.logits_value] = "logits"
    # Here an output begins no block, whatever it is.
    kinds = [
        POINT if value in outputs else _KINDS.get(type(layer), POINT)
        for value, layer in enumerate(network.layers, start=1)
    ]
    return placed_names(kinds, outputs)


def placed_names(kinds: Sequence[str], outputs: Mapping[int, str]) -> list[str]:
    """Return one name for each layer by its place, all different.

    Args:
        kinds: ``DEPTH`` (which begins a block), ``POINT`` or ``ADD`` for each layer, in their order.
        outputs: names of the layers that are outputs, by value number (that of the first layer is 1).
    """
    block, names = -1, []
    for value, kind in enumerate(kinds, start=1):
        block += kind == DEPTH
        place = f"block{block}" if block >= 0 else STEM
        plain = STEM if place == STEM and kind == POINT else f"{place}_{kind}"
        names.append(outputs.get(value, plain))
    return _told_apart(names)


def head_name(head: Head) -> str:
    """Return what a head is called in C."""
    return f"head_{head.name}".replace("-", "_").lower()


def _told_apart(names: list[str]) -> list[str]:
    often, seen = Counter(names), Counter[str]()
    different = []
    for name in names:
        seen[name] += 1
        different.append(name if often[name] == 1 else f"{name}_{seen[name]}")
    return different
