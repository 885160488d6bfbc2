"""TensorRT on an NVIDIA GPU, as on a Jetson: within 3 LSB of the exact engines, if a GPU is there anyway.

What TensorRT built for this model, GPU and version is kept and used again; the first start takes minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mandible.device.engines import cuda_runtime
from mandible.device.engines.base import check_features, heads_of
from mandible.device.engines.cuda_runtime import CudaRuntime
from mandible.device.engines.tensorrt_hop import REMEDY, TensorrtHop
from mandible.device.engines.tensorrt_plan import INT8, ForeignError, Interface, Plan, deserialised, interface
from mandible.device.frames import Logits, Mel
from mandible.errors import DeviceError
from mandible.models.network import Network
from mandible.quantize.onnx_export import tensorrt_build
from mandible.quantize.onnx_export.graph import LOGITS
from mandible.quantize.onnx_export.source import Exported, exported
from mandible.quantize.onnx_export.tensorrt_cache import WORKSPACE_MIB, obtain


class TensorrtEngine:
    """The int8 graph without zero points, its state staying on the GPU from hop to hop.

    Args:
        network: checked; its file is at ``path``.
        path: names the file in messages and in the cache.

    Raises:
        DeviceError: TensorRT, the CUDA runtime or a GPU is missing, or refuses; one line with the remedy.
    """

    name = "tensorrt"
    exact = False

    def __init__(self, network: Network, path: Path) -> None:
        trt = tensorrt_build.tensorrt()
        library = cuda_runtime.load()
        self.output_scale = network.output_scale
        self.heads = heads_of(network)
        plan = ready(trt, exported(str(path), "int8", symmetric=True), "int8", interface(network), INT8)
        results = {LOGITS: np.zeros(network.output_channels, np.int8)}
        results |= {head.name: np.zeros(head.channels, np.int8) for head in self.heads}
        states = [
            (f"state_{number}", layer.ring_frames * layer.ring_channels, layer.input_zero_point)
            for number, layer in enumerate(network.rings)
        ]
        features = np.zeros(network.input_channels, np.int8)
        self._hop = TensorrtHop(plan, CudaRuntime(library), features, results, states)

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits."""
        check_features(mel)
        self._hop.features[:] = mel
        logits: Logits = self._hop.compute().copy()
        return logits

    def head_values(self) -> Mapping[str, tuple[int, ...]]:
        """Return the int8 values of every head for the latest hop."""
        names = [head.name for head in self.heads]
        self._hop.fetch(names)
        return {name: tuple(self._hop.results[name].tolist()) for name in names}

    def reset(self) -> None:
        """Return to the state before the first hop."""
        self._hop.reset()


def ready(trt: Any, made: Exported, precision: str, wanted: Interface, kind: str) -> Plan:
    """Return what TensorRT runs: from the cache where that is whole and fits, else built now.

    Args:
        trt: the package ``tensorrt``.
        made: the ONNX model.
        precision: one of ``tensorrt_build.PRECISIONS``.
        wanted: the inputs and outputs that it has to have.
        kind: the element type of all of them.

    Raises:
        DeviceError: this TensorRT cannot build or load it; one line with the remedy.
    """
    obtained = obtain(trt, made, precision, WORKSPACE_MIB, remedy=REMEDY)
    try:
        return deserialised(trt, obtained.content, wanted, kind)
    except ForeignError as error:
        reason = str(error)
    if obtained.was_cached:
        obtained = obtain(trt, made, precision, WORKSPACE_MIB, remedy=REMEDY, anew=True)
        try:
            return deserialised(trt, obtained.content, wanted, kind)
        except ForeignError as error:
            reason = str(error)
    raise DeviceError(f"engine tensorrt: TensorRT {trt.__version__} {reason}; {REMEDY}")
