"""An ONNX graph under construction: one hop of a streaming network, its state going in and coming out.

Tensors are [1, channels, frames, 1], which is what ONNX convolutions read. For the features and the logits
that is the same order of bytes as in the ``.tflite`` file; a state stands transposed. Operators are of a
version that TensorRT 8.5 (JetPack 5) already knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mandible import __version__
from mandible.models.heads import Head
from mandible.models.visemes import VISEME_NAMES
from mandible.quantize.onnx_export import message

OPSET = 13  # the first with scales per channel
IR_VERSION = 8
FEATURES, LOGITS = "mel", "logits"
TIME_AXIS = 2
# Every other tensor's name has a slash in it, which a head's never has.


class GraphWriter:
    """Collects operators; a method that adds some returns the name of the tensor they compute.

    Args:
        features: how many one hop has.
        kind: element type of the features, states and logits.
    """

    def __init__(self, features: int, kind: DTypeLike) -> None:
        self._kind = np.dtype(kind)
        self._nodes: list[bytes] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self._inputs = [self._described(FEATURES, (1, features, 1, 1))]
        self._next_states: list[bytes] = []
        self._states: list[dict[str, Any]] = []

    def constant(self, name: str, values: Any, kind: DTypeLike) -> str:
        """Add an initializer; the same one may be added again."""
        array = np.array(values, kind)
        known = self._constants.setdefault(name, array)
        if known.dtype != array.dtype or not np.array_equal(known, array):
            raise ValueError(f"two constants are called {name}")
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: message.Attribute) -> str:
        """Add one operator."""
        self._nodes.append(message.node(operator, inputs, output, attributes))
        return output

    def window(self, frame: str, frames: int, channels: int, scale: float = 1.0, zero_point: int = 0) -> str:
        """Join the next state with the newest frame; all but the oldest frame is kept for the next hop.

        Args:
            frame: the newest frame, a tensor's name.
            frames: how many the state holds.
            channels: numbers in each of them.
            scale: the real value of one step of the state's numbers.
            zero_point: what means 0, and fills the state before the first hop.
        """
        number = len(self._states)
        name, following = f"state_{number}", f"next_state_{number}"
        shape = (1, channels, frames, 1)
        self._inputs.append(self._described(name, shape))
        self._next_states.append(self._described(following, shape))
        self._states.append({"name": name, "shape": list(shape), "scale": scale, "zero_point": zero_point})
        window = self.node("Concat", [name, frame], f"window/{number}", axis=TIME_AXIS)
        self.frames(window, following, 1, frames + 1)
        return window

    def frames(self, window: str, output: str, first: int, end: int, every: int = 1) -> str:
        """Take every n-th frame of a window, from ``first`` on to before ``end``."""
        bounds = [("begin", first), ("end", end), ("axis", TIME_AXIS), ("step", every)]
        numbers = [self.constant(f"slice/{what}/{number}", [number], np.int64) for what, number in bounds]
        return self.node("Slice", [window, *numbers], output)

    def cast(self, value: str, name: str, kind: DTypeLike) -> str:
        """Convert to another element type."""
        return self.node("Cast", [value], name, to=message.element_type(kind))

    def finish(
        self, logits: str, channels: int, heads: Iterable[tuple[Head, str]], told: Mapping[str, object]
    ) -> bytes:
        """Return the model's bytes. Outputs are the logits, the heads and the next states.

        Args:
            logits: the tensor that holds the logits.
            channels: how many there are.
            heads: the auxiliary outputs, and the tensors that hold them.
            told: metadata for the file beside the visemes and states; what is no text becomes JSON.
        """
        outputs = [self._output(LOGITS, channels, logits)]
        outputs += [self._output(head.name, head.channels, tensor) for head, tensor in heads]
        facts = {"visemes": list(VISEME_NAMES), "states": self._states, **told}
        content = message.graph(
            "mandible streaming viseme network",
            self._nodes,
            [message.tensor(name, values) for name, values in self._constants.items()],
            self._inputs,
            [*outputs, *self._next_states],
        )
        return message.model(
            content,
            ir_version=IR_VERSION,
            opset=OPSET,
            producer=("mandible", __version__),
            metadata={
                key: fact if isinstance(fact, str) else json.dumps(fact) for key, fact in facts.items()
            },
        )

    def _output(self, name: str, channels: int, tensor: str) -> bytes:
        self.node("Identity", [tensor], name)
        return self._described(name, (1, channels, 1, 1))

    def _described(self, name: str, shape: tuple[int, ...]) -> bytes:
        return message.value_info(name, self._kind, shape)


def kernel(weights: NDArray[Any]) -> NDArray[Any]:
    """Return weights in ONNX' order: [outputs, inputs of the output's group, taps, 1].

    Args:
        weights: of a convolution (outputs, taps, inputs), or of a depthwise one (taps, channels).
    """
    if weights.ndim == 2:
        return weights.T[:, np.newaxis, :, np.newaxis]
    return weights.transpose(0, 2, 1)[..., np.newaxis]
