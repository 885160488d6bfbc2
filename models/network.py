"""The streaming int8 viseme network as an immutable, fully checked description.

Every engine and exporter starts from a ``Network``: layers in execution order, each reading values
computed before it. One value is the logits, others may be auxiliary heads; ``logits_only`` leaves those
out and puts the logits last. A temporal layer remembers its last ``ring_frames`` inputs, zero point bytes
at first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from mandible.models.heads import Head, leading_to
from mandible.models.layers import Add, Conv, Depthwise, Layer, Operand, Output
from mandible.models.network_builder import build_layers
from mandible.models.tflite_file import parse as parse_file
from mandible.models.tflite_file import read_bytes

__all__ = ["Add", "Conv", "Depthwise", "Head", "Layer", "Network", "Operand", "Output", "load", "parse"]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A checked network.

    Attributes:
        layers: in execution order; ``layers[i]`` computes value i + 1.
        input_channels: features per hop.
        input_scale, input_zero_point: float feature = (q - zero point) * scale.
        heads: auxiliary outputs, in the order of the file's outputs.
        logits_value: number of the value that is the logits; the last one where nothing is said.
        output_scale, output_zero_point: float logit = (q - zero point) * scale.
        parameters: number of weights and biases.
    """

    layers: tuple[Layer, ...]
    input_channels: int
    input_scale: float
    input_zero_point: int
    heads: tuple[Head, ...] = ()
    logits_value: int = -1

    def __post_init__(self) -> None:
        """Number the logits' value where nothing is said."""
        if self.logits_value < 0:
            object.__setattr__(self, "logits_value", len(self.layers))

    @property
    def logits_layer(self) -> Layer:
        """The layer that computes the logits."""
        return self.layers[self.logits_value - 1]

    def logits_only(self) -> Network:
        """Return the same network without heads and their layers: its last layer computes the logits.

        Rings that only a head needs are gone too, so that its states are no longer those of the file.
        """
        if not self.heads and self.logits_value == len(self.layers):
            return self
        return replace(self, layers=leading_to(self.layers, self.logits_value), heads=(), logits_value=-1)

    @property
    def output_scale(self) -> float:
        """Logits per step of the int8 output."""
        return self.logits_layer.output.scale

    @property
    def output_zero_point(self) -> int:
        """The int8 output that means a logit of 0."""
        return self.logits_layer.output.zero_point

    @property
    def output_channels(self) -> int:
        """Number of logits."""
        return self.logits_layer.channels

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum(layer.weights.size + layer.bias.size for layer in self.temporal_and_pointwise)

    @property
    def temporal_and_pointwise(self) -> tuple[Conv | Depthwise, ...]:
        """The layers that carry weights."""
        return tuple(layer for layer in self.layers if not isinstance(layer, Add))

    @property
    def rings(self) -> tuple[Conv | Depthwise, ...]:
        """The layers that remember frames, in the order of the file's state tensors."""
        return tuple(layer for layer in self.temporal_and_pointwise if layer.ring_frames)


def load(path: Path | str) -> Network:
    """Return the network in a streaming ``.tflite`` file.

    Raises InputError, one line naming the file and what is wrong, for anything but a complete network of
    our family.
    """
    path = Path(path)
    return parse(read_bytes(path), path)


def parse(data: bytes, path: Path) -> Network:
    """Return the network in the bytes of a ``.tflite`` file; ``path`` only names it in messages."""
    graph = parse_file(data, path)
    built = build_layers(graph, path)
    features = graph.tensors[graph.inputs[0]]
    return Network(
        layers=built.layers,
        input_channels=features.shape[-1],
        input_scale=float(features.scales[0]),
        input_zero_point=int(features.zero_points[0]),
        heads=built.heads,
        logits_value=built.logits_value,
    )
