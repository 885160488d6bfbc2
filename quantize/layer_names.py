"""Names for the layers of a network by their place in it, as a person would call them.

A model file's own names come from its converter. These follow the family's plan: ``stem``, then for each
block ``block0_depth``, ``block0_point``, ``block0_add``; what an output shows is ``logits``, or ``head_`` and
the head's name.
"""

from __future__ import annotations

from collections import Counter

from mandible.models.heads import Head
from mandible.models.layers import Add, Depthwise
from mandible.models.network import Network


def layer_names(network: Network) -> list[str]:
    """Return one name for each layer, in their order, all different and fit for C."""
    outputs = {head.value: head_name(head) for head in network.heads}
    outputs[network.logits_value] = "logits"
    names: list[str] = []
    block = -1
    for value, layer in enumerate(network.layers, start=1):
        if value in outputs:
            names.append(outputs[value])
        elif isinstance(layer, Depthwise):
            block += 1
            names.append(f"block{block}_depth")
        elif isinstance(layer, Add):
            names.append(f"block{block}_add" if block >= 0 else "stem_add")
        else:
            names.append(f"block{block}_point" if block >= 0 else "stem")
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
