"""Turn a whole-sequence int8 ``.tflite`` into one that takes a single hop and carries its state.

The converter's graph pads the front of the sequence before each temporal convolution. Those frames of
padding are exactly what a streaming network must remember: each PAD becomes a state tensor of as many
frames, joined in front of the new frame (CONCATENATION) and shortened by its oldest (SLICE):

    state_k [1,n,1,C] ─┐
                       ├─ CONCATENATION [1,n+1,1,C] ─┬─ (dilated) convolution ─ …
    frame   [1,1,1,C] ─┘                             └─ SLICE ─ next_state_k [1,n,1,C]

A state filled with its zero point stands for the padding, so both forms compute the same bytes. Any depth,
width, kernel length and dilation will do; outputs beside the 15 logits become named heads.
``mandible.quantize.whole_sequence`` is the way back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mandible.models import network
from mandible.models.heads import Head
from mandible.models.network import Network
from mandible.models.network_interface import takes_sequences
from mandible.models.tflite_file import parse, read_bytes
from mandible.quantize.streaming_rewrite import Rewrite, State
from mandible.whole_file import written

__all__ = ["State", "StreamingReport", "load", "streamed", "streaming_bytes", "to_streaming"]


@dataclass(frozen=True, slots=True)
class StreamingReport:
    """What ``to_streaming`` wrote.

    Attributes:
        states: the state tensors in input (and output) order.
        parameters: weights and biases.
        operators: operator names in execution order.
        file_bytes: size of the written file.
        heads: the auxiliary outputs, which stand between logits and states.
    """

    target: Path
    states: tuple[State, ...]
    parameters: int
    operators: tuple[str, ...]
    file_bytes: int
    heads: tuple[Head, ...] = ()


def to_streaming(
    source: Path | str, target: Path | str, head_names: Sequence[str] | None = None
) -> StreamingReport:
    """Rewrite ``source`` (input [1,T,1,40], one output [1,T,1,15]) as the one-hop model ``target``.

    ``target`` gets input 0 ``mel``, inputs 1.. ``state_k``; output 0 ``logits``, then the heads, then
    ``next_state_k``. It appears complete or not at all.

    Args:
        source: a whole-sequence model; see ``mandible.models.network`` for the limits of sizes.
        target: the file to write.
        head_names: names for the outputs other than the logits, in their order; None for those in the file.

    Raises:
        InputError: naming the operator, for a graph that is not a causal int8 network of PAD, CONV_2D,
            DEPTHWISE_CONV_2D and ADD; or ``target`` cannot be written.
    """
    source, target = Path(source), Path(target)
    rewrite, data = _rewritten(read_bytes(source), source, head_names)
    checked = network.parse(data, source)
    with written(target) as partial:
        partial.write_bytes(data)
    return StreamingReport(
        target=target,
        states=tuple(rewrite.states),
        parameters=checked.parameters,
        operators=tuple(rewrite.operators),
        file_bytes=len(data),
        heads=checked.heads,
    )


def streaming_bytes(content: bytes, source: Path, head_names: Sequence[str] | None = None) -> bytes:
    """Return the streaming form of a whole-sequence model's bytes; ``source`` names it in messages.

    Raises:
        InputError: as ``to_streaming``.
    """
    _, data = _rewritten(content, source, head_names)
    network.parse(data, source)
    return data


def streamed(content: bytes, source: Path) -> bytes:
    """Return the streaming form of an int8 model's bytes, which are that already or take whole sequences.

    Raises:
        InputError: as ``to_streaming``. Streaming bytes are not looked into.
    """
    return streaming_bytes(content, source) if takes_sequences(parse(content, source)) else content


def load(path: Path) -> Network:
    """Return the network in an int8 ``.tflite`` of either form.

    Raises:
        InputError: it is damaged, or of another family; one line.
    """
    return network.parse(streamed(read_bytes(path), path), path)


def _rewritten(content: bytes, source: Path, head_names: Sequence[str] | None) -> tuple[Rewrite, bytes]:
    rewrite = Rewrite(parse(content, source), source, head_names)
    return rewrite, rewrite.run()
