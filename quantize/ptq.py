"""Post-training quantisation by TensorFlow's converter: a float Keras network to a whole-sequence model.

The recipes use ``mandible.quantize.ai_edge``, which does as well in seconds (decision 8); this makes the
networks of the tests, so that models of the converter stay tested too.

Weights get one scale per output channel, activations one scale per tensor, from the ranges seen on
calibration features. The input must come out as int8 with scale exactly 1/32 and zero point 0, because
the front end delivers those bytes; the calibration is made to span the whole range for that. The output is
given one fixed scale, so that every model shares one softmax table and a tolerance in steps means the
same for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS
from mandible.errors import InputError
from mandible.models import tcn
from mandible.models.training import as_input
from mandible.quantize.ranges import OUTPUT_SCALE
from mandible.whole_file import written


def calibration(mels: NDArray[np.int8], frames: int, chunks: int, seed: int) -> NDArray[np.int8]:
    """Cut ``chunks`` random pieces of ``frames`` hops from (n, 40) features; they span -128..127.

    Raises:
        InputError: there are fewer hops than one piece takes.
    """
    if len(mels) < frames:
        raise InputError(
            f"too little speech to calibrate with: {len(mels) * HOP_MS / 1000:g} s of split 'train', and at "
            f"least {frames * HOP_MS / 1000:g} s are needed; record more"
        )
    starts = np.random.default_rng(seed).integers(0, len(mels) - frames + 1, chunks)
    pieces = np.stack([mels[start : start + frames] for start in starts])
    # The extremes sit in the last hop of one piece, where they reach no other activation.
    pieces[-1, -1, 0], pieces[-1, -1, 1] = -128, 127
    return pieces


def fixed_length(model: Any, size: tcn.Size, frames: int) -> Any:
    """Return a copy of a network for one sequence of ``frames`` hops, as the converter needs it."""
    copy = tcn.build(size, frames=frames, batch=1)
    copy.set_weights(model.get_weights())
    return copy


def quantise(model: Any, size: tcn.Size, pieces: NDArray[np.int8], target: Path) -> None:
    """Convert a float network with calibration pieces (chunks, frames, 40) and write ``target``.

    Raises:
        InputError: the converter did not give the input the scale and zero point of the front end.
    """
    tcn.keras()
    import tensorflow as tf

    def representative() -> Iterator[list[NDArray[np.float32]]]:
        for piece in pieces:
            yield [as_input(piece[None])]

    converter = tf.lite.TFLiteConverter.from_keras_model(fixed_length(model, size, pieces.shape[1]))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    data = with_output_scale(converter.convert())
    check_input(data, target)
    with written(target) as partial:
        partial.write_bytes(data)


def with_output_scale(data: bytes) -> bytes:
    """Return the model with logits of ``OUTPUT_SCALE`` per step around 0, instead of what calibration found.

    Only the last layer's rounding changes: its 32-bit sums are scaled to the output's steps at run time.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    quantisation = graph.tensors[graph.outputs[0]].quantization
    quantisation.scale, quantisation.zeroPoint = [OUTPUT_SCALE], [0]
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def check_input(data: bytes, name: Path) -> None:
    """Raise InputError unless the model's input is int8 with scale exactly 1/32 and zero point 0."""
    from ai_edge_litert.interpreter import Interpreter

    scale, zero_point = Interpreter(model_content=data).get_input_details()[0]["quantization"]
    if scale != 1 / tcn.INPUT_STEPS or zero_point != 0:
        raise InputError(
            f"{name}: input scale {scale} and zero point {zero_point} must be 1/{tcn.INPUT_STEPS} and 0; "
            "calibrate with features that span -128..127"
        )
