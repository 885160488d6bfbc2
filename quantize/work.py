"""How much a network asks of the exported C: what its kernels do in a hop, and the bytes it takes.

The counts follow ``mandible_kernels``: four outputs are a group, and a step reads one block of lanes for
four outputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from mandible.device.engines.softmax import exponentials
from mandible.models.layers import Add, Conv, Depthwise
from mandible.models.network import Network
from mandible.quantize.c_code.buffers import plan
from mandible.quantize.c_code.layout import OUTPUTS, filled
from mandible.quantize.c_code.targets import Target

# Bytes of the C structures on a 32-bit core: see mandible_kernels.h.
SCALING_BYTES = 40
CONVOLUTION_BYTES = 24
ADDITION_BYTES = 28


@dataclass(frozen=True)
class Work:
    """What a hop makes the kernels do.

    Attributes:
        full_steps: blocks of lanes met by four outputs, in full convolutions.
        full_taps: groups of four outputs times taps.
        full_groups: groups of four outputs.
        depthwise_taps, depthwise_groups: the same for depthwise convolutions.
        add_groups: groups of four channels added.
        layers: layers of any kind.
        remembered: layers that keep a past.
    """

    full_steps: int
    full_taps: int
    full_groups: int
    depthwise_taps: int
    depthwise_groups: int
    add_groups: int
    layers: int
    remembered: int

    def times(self, instructions: Iterable[float]) -> float:
        """Return the sum of each count times its price, in the order of the fields."""
        counts: tuple[int, ...] = astuple(self)
        return sum(count * price for count, price in zip(counts, instructions, strict=True))


KINDS = tuple(field.name for field in fields(Work))


def work(network: Network, target: Target) -> Work:
    """Count what a network's layers do in a hop."""
    full = [layer for layer in network.layers if isinstance(layer, Conv)]
    depthwise = [layer for layer in network.layers if isinstance(layer, Depthwise)]
    added = [layer for layer in network.layers if isinstance(layer, Add)]
    return Work(
        full_steps=sum(
            _groups(one) * one.taps * filled(one.ring_channels, target.lanes) // target.lanes for one in full
        ),
        full_taps=sum(_groups(one) * one.taps for one in full),
        full_groups=sum(map(_groups, full)),
        depthwise_taps=sum(_groups(one) * one.taps for one in depthwise),
        depthwise_groups=sum(map(_groups, depthwise)),
        add_groups=sum(map(_groups, added)),
        layers=len(network.layers),
        remembered=len(network.rings),
    )


def constant_bytes(network: Network, target: Target) -> int:
    """Return the bytes of a network's weights, scalings and tables in the exported C."""
    total = 2 * len(exponentials(network.output_scale).nonzero()[0])
    for layer in network.layers:
        if isinstance(layer, Add):
            total += ADDITION_BYTES
            continue
        outputs = OUTPUTS * _groups(layer)
        inputs = filled(layer.ring_channels, target.lanes) if isinstance(layer, Conv) else 1
        weights = outputs * layer.taps * inputs
        total += filled(weights, 4) + SCALING_BYTES * _groups(layer) + CONVOLUTION_BYTES
    return total


def state_bytes(network: Network, target: Target) -> int:
    """Return the bytes of the past that a network keeps, ``mandible_network``."""
    rings = sum(layer.ring_frames * filled(layer.ring_channels, target.lanes) for layer in network.rings)
    heads = sum(head.channels for head in network.heads)
    return filled(rings, 2) + 2 * max(len(network.rings), 1) + heads


def row_bytes(network: Network, target: Target) -> int:
    """Return the bytes of the rows that a hop's values lie in, on the stack."""
    sizes = [filled(network.input_channels, target.lanes)]
    sizes += [filled(layer.channels, target.lanes) for layer in network.layers]
    copied = sizes[0] if sizes[0] != network.input_channels else 0
    kept = [network.logits_value, *(head.value for head in network.heads)]
    return sum(plan(network, sizes, kept).sizes) + copied


def _groups(layer: Conv | Depthwise | Add) -> int:
    return filled(layer.channels, OUTPUTS) // OUTPUTS
