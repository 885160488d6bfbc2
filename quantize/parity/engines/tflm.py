"""TensorFlow Lite Micro's interpreter, as it runs on microcontrollers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.errors import DeviceError, InputError
from mandible.quantize.parity.engine import Hops, Options, Stepping
from mandible.quantize.parity.subject import Subject


class _Micro:
    def __init__(self, interpreter: Any, subject: Subject) -> None:
        self._interpreter = interpreter
        self._first_state = 1 + len(subject.network.heads)
        self._initial = [
            np.full((1, layer.ring_frames, 1, layer.ring_channels), layer.input_zero_point, np.int8)
            for layer in subject.network.rings
        ]
        self._states = self._initial

    def step(self, mel: Hops) -> NDArray[np.generic]:
        interpreter = self._interpreter
        interpreter.set_input(mel.reshape(1, 1, 1, -1), 0)
        for number, state in enumerate(self._states, start=1):
            interpreter.set_input(state, number)
        interpreter.invoke()
        count = len(self._states)
        self._states = [interpreter.get_output(self._first_state + number).copy() for number in range(count)]
        logits: NDArray[np.int8] = interpreter.get_output(0).reshape(-1).copy()
        return logits

    def reset(self) -> None:
        self._states = self._initial


def create(name: str, subject: Subject, options: Options) -> Stepping:
    """Return the engine; raises DeviceError where TensorFlow Lite Micro is not installed."""
    try:
        from tflite_micro.python.tflite_micro import runtime
    except ImportError:
        raise DeviceError(
            f"engine {name}: TensorFlow Lite Micro is not installed; on x86-64 run: pip install tflite-micro"
        ) from None
    try:
        interpreter = runtime.Interpreter.from_bytes(subject.content)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"engine {name} refuses the model ({reason})") from None
    return Stepping(_Micro(interpreter, subject))
