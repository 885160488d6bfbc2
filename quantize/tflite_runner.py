"""Any streaming ``.tflite`` of ours in LiteRT's interpreter: int8, int16, float values alike.

The exact engines know int8 alone; this runs what other recipes write. Give it files of our own making: the
interpreter trusts a file more than our own reader does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import Mel
from mandible.errors import DeviceError
from mandible.models.tcn import INPUT_STEPS


class TfliteRunner:
    """A streaming model and its states.

    Args:
        content: bytes of the file: inputs ``mel``, states; outputs logits, heads, following states.
        exact: reference kernels (``BUILTIN_REF``) instead of the fast ones.
    """

    def __init__(self, content: bytes, exact: bool = False) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter, OpResolverType
        except ImportError:
            raise DeviceError("running it needs LiteRT: pip install ai-edge-litert") from None
        kernels = OpResolverType.BUILTIN_REF if exact else OpResolverType.AUTO
        self._interpreter: Any = Interpreter(
            model_content=content, experimental_op_resolver_type=kernels, num_threads=1
        )
        self._interpreter.allocate_tensors()
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self._features, self._states = inputs[0], inputs[1:]
        self._logits = outputs[0]
        self._following = outputs[len(outputs) - len(self._states) :]
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first hop."""
        self._kept = [
            np.full(state["shape"], state["quantization"][1], state["dtype"]) for state in self._states
        ]

    def step(self, mel: Mel) -> NDArray[np.float32]:
        """(40,) int8 features of one hop -> (15,) float logits, and advance the state."""
        frame = mel.reshape(self._features["shape"])
        if self._features["dtype"] == np.float32:
            frame = frame.astype(np.float32) / np.float32(INPUT_STEPS)
        self._interpreter.set_tensor(self._features["index"], frame)
        for state, kept in zip(self._states, self._kept, strict=True):
            self._interpreter.set_tensor(state["index"], kept)
        self._interpreter.invoke()
        self._kept = [self._interpreter.get_tensor(one["index"]) for one in self._following]
        logits = self._interpreter.get_tensor(self._logits["index"]).reshape(-1)
        if self._logits["dtype"] == np.float32:
            return np.asarray(logits)
        scale, zero_point = self._logits["quantization"]
        return np.asarray((logits.astype(np.float32) - zero_point) * np.float32(scale))

    def run(self, mels: NDArray[np.int8]) -> NDArray[np.float32]:
        """(n, 40) int8 features of a whole recording from silence on -> (n, 15) float logits."""
        self.reset()
        return np.stack([self.step(mel) for mel in mels])
