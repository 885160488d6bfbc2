"""TensorRT on an NVIDIA GPU, as on a Jetson: within 3 LSB of the exact engines, if a GPU is there anyway.

What TensorRT built for this model, GPU and version is kept and used again; the first start takes minutes.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mandible.device.engines import cuda_runtime
from mandible.device.engines.base import check_features, heads_of
from mandible.device.engines.cuda_runtime import CudaRuntime
from mandible.device.engines.tensorrt_plan import ForeignError, Plan, deserialised
from mandible.device.frames import Logits, Mel
from mandible.errors import DeviceError
from mandible.models.network import Network
from mandible.quantize.onnx_export import tensorrt_build
from mandible.quantize.onnx_export.graph import FEATURES, LOGITS
from mandible.quantize.onnx_export.source import Exported, exported
from mandible.quantize.onnx_export.tensorrt_cache import WORKSPACE_MIB, obtain

REMEDY = "run without --engine tensorrt"


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
        self._plan = _ready(trt, exported(str(path), "int8", symmetric=True), network)
        self._cuda = CudaRuntime(library)
        weakref.finalize(self, _close, self._plan, self._cuda)
        self._features = np.zeros(network.input_channels, np.int8)
        self._results = {LOGITS: np.zeros(network.output_channels, np.int8)}
        self._results |= {head.name: np.zeros(head.channels, np.int8) for head in self.heads}
        self._addresses = {
            name: self._cuda.allocate(values.nbytes)
            for name, values in {FEATURES: self._features, **self._results}.items()
        }
        self._states = [
            (f"state_{number}", layer.ring_frames * layer.ring_channels, layer.input_zero_point)
            for number, layer in enumerate(network.rings)
        ]
        # Two of each: the next states of one hop are the states of the following one.
        self._sides = [{name: self._cuda.allocate(size) for name, size, _ in self._states} for _ in range(2)]
        for name, address in self._addresses.items():
            self._point(name, address)
        self.reset()

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits."""
        check_features(mel)
        cuda, (now, after) = self._cuda, self._sides
        for name, _, _ in self._states:
            self._point(name, now[name])
            self._point(f"next_{name}", after[name])
        self._features[:] = mel
        cuda.upload(self._addresses[FEATURES], self._features)
        if not self._plan.context.execute_async_v3(cuda.stream):
            raise DeviceError(f"engine tensorrt: TensorRT stopped computing; {REMEDY}")
        logits = self._results[LOGITS]
        cuda.download(logits, self._addresses[LOGITS])
        cuda.wait()
        self._sides.reverse()
        return logits.copy()

    def head_values(self) -> Mapping[str, tuple[int, ...]]:
        """Return the int8 values of every head for the latest hop."""
        for head in self.heads:
            self._cuda.download(self._results[head.name], self._addresses[head.name])
        self._cuda.wait()
        return {head.name: tuple(self._results[head.name].tolist()) for head in self.heads}

    def reset(self) -> None:
        """Return to the state before the first hop."""
        for name, size, zero_point in self._states:
            self._cuda.fill(self._sides[0][name], zero_point, size)
        self._cuda.wait()

    def _point(self, name: str, address: int) -> None:
        if not self._plan.context.set_tensor_address(name, address):
            raise DeviceError(f"engine tensorrt: TensorRT takes no memory for {name}; {REMEDY}")


def _close(plan: Plan, cuda: CudaRuntime) -> None:
    """What computes goes before the memory that it computes in."""
    cuda.finish()
    plan.close()
    cuda.close()


def _ready(trt: Any, made: Exported, network: Network) -> Plan:
    """Return what TensorRT runs: from the cache where that is whole and fits, else built now."""
    obtained = obtain(trt, made, "int8", WORKSPACE_MIB, remedy=REMEDY)
    try:
        return deserialised(trt, obtained.content, network)
    except ForeignError as error:
        reason = str(error)
    if obtained.was_cached:
        obtained = obtain(trt, made, "int8", WORKSPACE_MIB, remedy=REMEDY, anew=True)
        try:
            return deserialised(trt, obtained.content, network)
        except ForeignError as error:
            reason = str(error)
    raise DeviceError(f"engine tensorrt: TensorRT {trt.__version__} {reason}; {REMEDY}")
