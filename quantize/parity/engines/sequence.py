"""The whole-sequence int8 model under reference kernels: what the streaming form was made from."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from mandible.errors import DeviceError, InputError
from mandible.models.tflite_file import parse
from mandible.models.visemes import VISEME_COUNT
from mandible.quantize.parity.engine import Hops, Options, Outcome, Progress
from mandible.quantize.parity.subject import Subject


class WholeSequence:
    """One call of the interpreter for each segment, its input resized to the segment's length."""

    def __init__(self, interpreter: Any, logits: int) -> None:
        self._interpreter = interpreter
        self._logits = logits

    def run(self, segments: Sequence[Hops], progress: Progress) -> Outcome:
        """Run every segment in one piece."""
        interpreter, logits, spent_s = self._interpreter, [], 0.0
        for hops in segments:
            source = interpreter.get_input_details()[0]["index"]
            try:
                interpreter.resize_tensor_input(source, [1, len(hops), 1, hops.shape[1]])
                interpreter.allocate_tensors()
                interpreter.set_tensor(source, hops.reshape(1, len(hops), 1, -1))
                before_s = time.perf_counter()
                interpreter.invoke()
            except (RuntimeError, ValueError) as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise InputError(f"the interpreter refuses the whole-sequence model ({reason})") from None
            spent_s += time.perf_counter() - before_s
            output = interpreter.get_output_details()[self._logits]["index"]
            logits.append(interpreter.get_tensor(output)[0, :, 0])
            progress(len(hops))
        return Outcome(logits, spent_s * 1e6 / max(1, sum(map(len, segments))))


def create(name: str, subject: Subject, options: Options) -> WholeSequence:
    """Return the engine; raises DeviceError where LiteRT is not installed."""
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError:
        raise DeviceError(
            f"engine {name}: LiteRT is not installed; run: pip install ai-edge-litert"
        ) from None
    interpreter = Interpreter(
        model_content=subject.sequence,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        num_threads=1,
    )
    graph = parse(subject.sequence, subject.path)
    channels = [graph.tensors[number].shape[-1] for number in graph.outputs]
    return WholeSequence(interpreter, channels.index(VISEME_COUNT))
