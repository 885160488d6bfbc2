"""Run models in LiteRT's reference kernels with every output shown."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray


def _ready(content: bytes) -> Interpreter:
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
    )
    interpreter.allocate_tensors()
    return interpreter


def run_whole(content: bytes, hops: NDArray[np.int8]) -> list[NDArray[np.int8]]:
    """Run one whole sequence; returns (n, channels) for each output."""
    interpreter = _ready(content)
    source = interpreter.get_input_details()[0]
    interpreter.set_tensor(source["index"], hops.reshape(source["shape"]))
    interpreter.invoke()
    return [interpreter.get_tensor(one["index"])[0, :, 0] for one in interpreter.get_output_details()]


def run_streaming(content: bytes, hops: NDArray[np.int8]) -> list[NDArray[np.int8]]:
    """Run hop by hop; returns (n, channels) for the logits and each head."""
    interpreter = _ready(content)
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    shown = 1 + len(outputs) - len(inputs)
    states = [np.full(one["shape"], one["quantization"][1], np.int8) for one in inputs[1:]]
    collected: list[list[NDArray[np.int8]]] = [[] for _ in range(shown)]
    for hop in hops:
        interpreter.set_tensor(inputs[0]["index"], hop.reshape(1, 1, 1, -1))
        for one, state in zip(inputs[1:], states, strict=True):
            interpreter.set_tensor(one["index"], state)
        interpreter.invoke()
        for rows, one in zip(collected, outputs, strict=False):
            rows.append(interpreter.get_tensor(one["index"]).reshape(-1))
        states = [interpreter.get_tensor(one["index"]) for one in outputs[shown:]]
    return [np.array(rows) for rows in collected]
