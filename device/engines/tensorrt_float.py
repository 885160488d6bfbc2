"""A model's float weights in TensorRT, in 32 or 16 bits: what the int8 engine is held against."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mandible.device.engines import cuda_runtime
from mandible.device.engines.base import HeadInfo, check_features
from mandible.device.engines.cuda_runtime import CudaRuntime
from mandible.device.engines.tensorrt import ready
from mandible.device.engines.tensorrt_hop import TensorrtHop
from mandible.device.engines.tensorrt_plan import FLOAT, Interface, Shape
from mandible.device.frames import MEL_BANDS, Logits, Mel
from mandible.models.quantisation import INT8_HIGH, INT8_LOW
from mandible.models.tcn import INPUT_STEPS
from mandible.quantize import float_model
from mandible.quantize.float_layers import FloatAdd
from mandible.quantize.float_model import FloatModel
from mandible.quantize.onnx_export import tensorrt_build
from mandible.quantize.onnx_export.graph import FEATURES, LOGITS
from mandible.quantize.onnx_export.runner import STEP_OF_FLOAT_LOGITS
from mandible.quantize.onnx_export.source import exported

PRECISIONS = ("fp16", "fp32")
FLOAT_BYTES = 4


class TensorrtFloatEngine:
    """The float32 graph; with ``fp16``, TensorRT may compute in 16 bits wherever that is faster.

    Features come and logits go as int8, the logits in steps of 1/8 as of every released model, so that the
    rest of the line is the same. Heads are left out.

    Args:
        model: a released model's name, or whatever ``float_model.load`` takes.
        precision: one of ``PRECISIONS``.

    Raises:
        InputError: the model has no float weights, or they are damaged.
        DeviceError: TensorRT, the CUDA runtime or a GPU is missing, or refuses; one line with the remedy.
    """

    name = "tensorrt"
    exact = False
    output_scale = STEP_OF_FLOAT_LOGITS
    heads: tuple[HeadInfo, ...] = ()

    def __init__(self, model: str, precision: str) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"precision: one of {', '.join(PRECISIONS)}, not {precision!r}")
        trt = tensorrt_build.tensorrt()
        library = cuda_runtime.load()
        network = float_model.load(model)
        wanted = interface(network)
        plan = ready(trt, exported(model, "float32"), precision, wanted, FLOAT)
        inputs, outputs = wanted
        results = {
            name: np.zeros(shape[1], np.float32)
            for name, shape in outputs.items()
            if name.removeprefix("next_") not in inputs
        }
        states = [
            (name, int(np.prod(shape)) * FLOAT_BYTES, 0) for name, shape in inputs.items() if name != FEATURES
        ]
        features = np.zeros(MEL_BANDS, np.float32)
        self._hop = TensorrtHop(plan, CudaRuntime(library), features, results, states)

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits."""
        check_features(mel)
        np.divide(mel, INPUT_STEPS, out=self._hop.features, casting="unsafe")
        steps = np.rint(self._hop.compute() / self.output_scale)
        logits: Logits = np.clip(steps, INT8_LOW, INT8_HIGH).astype(np.int8)
        return logits

    def head_values(self) -> Mapping[str, tuple[int, ...]]:
        """Return nothing: heads are left out."""
        return {}

    def reset(self) -> None:
        """Return to the state before the first hop."""
        self._hop.reset()


def interface(model: FloatModel) -> Interface:
    """Return the inputs and outputs of the exported float graph; all are float32."""
    inputs: dict[str, Shape] = {FEATURES: (1, MEL_BANDS, 1, 1)}
    outputs: dict[str, Shape] = {LOGITS: (1, model.layers[model.logits_value - 1].channels, 1, 1)}
    outputs |= {head.name: (1, head.channels, 1, 1) for head in model.heads}
    rings = [layer for layer in model.layers if not isinstance(layer, FloatAdd) and layer.ring_frames]
    for number, layer in enumerate(rings):
        shape = (1, layer.ring_channels, layer.ring_frames, 1)
        inputs[f"state_{number}"] = outputs[f"next_state_{number}"] = shape
    return inputs, outputs
