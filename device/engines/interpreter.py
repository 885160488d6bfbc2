"""The model file itself in a TensorFlow Lite interpreter, its state carried from hop to hop by us."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mandible.device.engines.base import check_features, heads_of
from mandible.device.frames import Logits, Mel
from mandible.errors import InputError
from mandible.models.network import Network


class InterpreterEngine:
    """Base of the engines ``tflite`` and ``litert``, which differ in the kernels they ask for.

    Args:
        interpreter_class: ``Interpreter`` of ``ai_edge_litert`` or ``tflite_runtime``.
        kernels: which kernels to use, a member of that package's ``OpResolverType``.
        content: bytes of the model file, already checked: ``network`` was read from them.
        path: names the file in messages.
        threads: how many of them the kernels may use.
    """

    name = ""
    exact = False

    def __init__(
        self,
        interpreter_class: Any,
        kernels: Any,
        content: bytes,
        network: Network,
        path: Path,
        threads: int = 1,
    ) -> None:
        self.output_scale = network.output_scale
        self.heads = heads_of(network)
        try:
            self._interpreter = interpreter_class(
                model_content=content, experimental_op_resolver_type=kernels, num_threads=threads
            )
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(
                f"{path}: the interpreter refuses it ({reason}); try --engine reference"
            ) from None
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        self._features = inputs[0]["index"]
        self._logits = outputs[0]["index"]
        self._state_inputs = [tensor["index"] for tensor in inputs[1:]]
        # Heads stand between the logits and the states.
        first_state = 1 + len(self.heads)
        self._head_outputs = [tensor["index"] for tensor in outputs[1:first_state]]
        self._state_outputs = [tensor["index"] for tensor in outputs[first_state:]]
        self._initial = [
            np.full(tensor["shape"], tensor["quantization"][1], np.int8) for tensor in inputs[1:]
        ]
        self._states = self._initial

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits."""
        check_features(mel)
        interpreter = self._interpreter
        interpreter.set_tensor(self._features, mel.reshape(1, 1, 1, -1))
        for tensor, state in zip(self._state_inputs, self._states, strict=True):
            interpreter.set_tensor(tensor, state)
        interpreter.invoke()
        self._states = [interpreter.get_tensor(tensor) for tensor in self._state_outputs]
        logits: Logits = interpreter.get_tensor(self._logits).reshape(-1)
        return logits

    def head_values(self) -> Mapping[str, tuple[int, ...]]:
        """Return the int8 values of every head for the latest hop."""
        return {
            head.name: tuple(self._interpreter.get_tensor(tensor).reshape(-1).tolist())
            for head, tensor in zip(self.heads, self._head_outputs, strict=True)
        }

    def reset(self) -> None:
        """Return to the state before the first hop."""
        self._states = self._initial
