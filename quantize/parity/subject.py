"""The model that a parity report is about, in every form that an engine may want."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mandible.errors import InputError
from mandible.models import network, released
from mandible.models.network import Network
from mandible.models.tflite_file import read_bytes
from mandible.quantize import float_model, layer_error
from mandible.quantize.float_model import FloatModel
from mandible.quantize.streaming import streamed
from mandible.quantize.whole_sequence import whole_sequence

# Any length will do: interpreters resize the input to that of a segment.
SEQUENCE_HOPS = 100


@dataclass(frozen=True)
class Subject:
    """A checked model.

    Attributes:
        name: of the release, or of the file.
        path: names it in messages.
        sha256: of the file that was given.
        given: its bytes.
        content: the streaming model's bytes.
        network: what our own engines and exporters start from.
        lookahead_ms: how much later than the sound the logits describe it.
        float_model: the network before quantisation, where it was named.
    """

    name: str
    path: Path
    sha256: str
    given: bytes
    content: bytes
    network: Network
    lookahead_ms: int
    float_model: FloatModel | None = None

    @cached_property
    def sequence(self) -> bytes:
        """The whole-sequence model's bytes: as given, or made from the streaming one.

        Raises:
            DeviceError: it has to be made, and LiteRT is not installed.
        """
        if self.content != self.given:
            return self.given
        return whole_sequence(self.content, self.path, SEQUENCE_HOPS)

    @cached_property
    def network_alone(self) -> Network:
        """The network without auxiliary heads."""
        return self.network.logits_only()


def named(model: str, float_name: str | None = None) -> Subject:
    """Return a model by released name, or from a streaming or whole-sequence int8 ``.tflite``.

    Args:
        model: name or path.
        float_name: name or path of its float network; None for none, or a released model's own.

    Raises:
        InputError: there is none, it is damaged or of another family; one line.
        DeviceError: the float network needs TensorFlow, which is not installed.
    """
    file = released.resolve(model)
    given = read_bytes(file.path)
    content = streamed(given, file.path)
    parsed = network.parse(content, file.path)
    return Subject(
        name=file.name,
        path=file.path,
        sha256=file.sha256,
        given=given,
        content=content,
        network=parsed,
        lookahead_ms=file.lookahead_ms,
        float_model=_float_of(model, float_name, file.lookahead_ms, parsed),
    )


def _float_of(model: str, name: str | None, lookahead_ms: int, network: Network) -> FloatModel | None:
    if name is None:
        return float_model.load(model) if model in released.names() else None
    found = float_model.load(name)
    if found.card and found.lookahead_ms != lookahead_ms:
        raise InputError(
            f"{name}: its lookahead is {found.lookahead_ms} ms and that of {model} {lookahead_ms} ms; "
            "name the float network that the model was quantised from"
        )
    if not found.heads and not network.heads:
        # One hop tells whether the two have the same layers; with heads, their order may differ rightly.
        layer_error.layer_errors(found, network, np.zeros((1, network.input_channels), np.int8))
    return found
