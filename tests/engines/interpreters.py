"""Other people's interpreters, to measure ours against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray
from tflite_micro.python.tflite_micro import runtime

from mandible.models import network


def run_micro(model: Path, hops: NDArray[np.int8]) -> NDArray[np.int8]:
    """Run a streaming model hop by hop in TensorFlow Lite Micro: (n, 40) -> (n, 15)."""
    interpreter = runtime.Interpreter.from_file(str(model))
    states = [
        np.full((1, layer.ring_frames, 1, layer.ring_channels), layer.input_zero_point, np.int8)
        for layer in network.load(model).rings
    ]
    logits = []
    for hop in hops:
        interpreter.set_input(hop.reshape(1, 1, 1, -1), 0)
        for number, state in enumerate(states, start=1):
            interpreter.set_input(state, number)
        interpreter.invoke()
        logits.append(interpreter.get_output(0).reshape(-1).copy())
        states = [interpreter.get_output(number + 1).copy() for number in range(len(states))]
    return np.array(logits)


def run_whole_sequences(model: Path, hops: NDArray[np.int8]) -> NDArray[np.int8]:
    """Run a whole-sequence model with reference kernels: (n, 40) -> (n // T, T, 15), the rest left out."""
    interpreter = Interpreter(
        model_path=str(model), experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
    )
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    frames = source["shape"][1]
    logits = []
    for start in range(0, len(hops) - frames + 1, frames):
        interpreter.set_tensor(source["index"], hops[start : start + frames].reshape(source["shape"]))
        interpreter.invoke()
        logits.append(interpreter.get_tensor(result["index"])[0, :, 0])
    return np.array(logits)
