"""Runs in another interpreter of Python, without mandible: a streaming model under tflite-runtime.

``python tflite_runtime_worker.py`` only tells whether it could; with a FOLDER it reads ``model.tflite``,
``hops.bin`` (40 int8 a hop) and ``task.json`` there, writes ``logits.bin``, and prints the price of a hop.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

MEL_BANDS = 40
TIMED_HOPS = 100


def main() -> None:
    """Probe, or run what lies in the folder."""
    if find_spec("tflite_runtime") is None:
        sys.exit("tflite-runtime is not installed")
    if int(np.__version__.split(".")[0]) >= 2:
        sys.exit(f"tflite-runtime needs numpy<2, not {np.__version__}")
    from tflite_runtime.interpreter import Interpreter, OpResolverType

    if len(sys.argv) < 2:
        return
    folder = Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text())
    interpreter = Interpreter(
        model_path=str(folder / "model.tflite"),
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        num_threads=1,
    )
    interpreter.allocate_tensors()
    hops = np.fromfile(folder / "hops.bin", np.int8).reshape(-1, MEL_BANDS)
    start, rows, quickest_s = 0, [], float("inf")
    for length in task["lengths"]:
        segment = hops[start : start + length]
        start += length
        found, seconds = run(interpreter, segment, task["heads"])
        rows += found
        quickest_s = min(quickest_s, seconds)
    (folder / "logits.bin").write_bytes(np.array(rows, np.int8).tobytes())
    print(json.dumps({"us": quickest_s * 1e6}))


def run(interpreter: Any, hops: Any, heads: int) -> tuple[list[Any], float]:
    """Return the logits of a segment from the initial state on, and seconds per hop at its quickest."""
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    states = [np.full(one["shape"], one["quantization"][1], np.int8) for one in inputs[1:]]
    rows, quickest_s, before_s = [], float("inf"), time.perf_counter()
    for number, hop in enumerate(hops, start=1):
        interpreter.set_tensor(inputs[0]["index"], hop.reshape(1, 1, 1, -1))
        for one, state in zip(inputs[1:], states):  # noqa: B905  # Python 3.9 runs this too
            interpreter.set_tensor(one["index"], state)
        interpreter.invoke()
        states = [interpreter.get_tensor(one["index"]) for one in outputs[1 + heads :]]
        rows.append(interpreter.get_tensor(outputs[0]["index"]).reshape(-1))
        if number % TIMED_HOPS == 0 or number == len(hops):
            taken = (number - 1) % TIMED_HOPS + 1
            if taken == TIMED_HOPS or len(hops) < TIMED_HOPS:
                quickest_s = min(quickest_s, (time.perf_counter() - before_s) / taken)
            before_s = time.perf_counter()
    return rows, quickest_s


if __name__ == "__main__":
    main()
