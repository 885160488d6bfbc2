"""One hop of a network in TensorRT, its memory and its state staying on the GPU from hop to hop."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from mandible.device.engines.cuda_runtime import CudaRuntime
from mandible.device.engines.tensorrt_plan import Plan
from mandible.errors import DeviceError
from mandible.quantize.onnx_export.graph import FEATURES, LOGITS

REMEDY = "run without --engine tensorrt"


class TensorrtHop:
    """What TensorRT built, with memory for its inputs and outputs.

    Args:
        plan: what computes; closed with this.
        cuda: where its memory comes from; closed with this, too.
        features: filled by the caller before each ``compute``.
        results: the logits and heads by name.
        states: name, size in bytes and the byte that fills it before the first hop, of each.

    Raises:
        DeviceError: here and in every method, where the GPU refuses; one line with the remedy.
    """

    def __init__(
        self,
        plan: Plan,
        cuda: CudaRuntime,
        features: NDArray[Any],
        results: Mapping[str, NDArray[Any]],
        states: Sequence[tuple[str, int, int]],
    ) -> None:
        self._plan, self._cuda = plan, cuda
        weakref.finalize(self, _close, plan, cuda)
        self.features, self.results = features, results
        self._states = states
        self._addresses = {
            name: cuda.allocate(values.nbytes) for name, values in {FEATURES: features, **results}.items()
        }
        # Two of each: the next states of one hop are the states of the following one.
        self._sides = [{name: cuda.allocate(size) for name, size, _ in states} for _ in range(2)]
        for name, address in self._addresses.items():
            self._point(name, address)
        self.reset()

    def compute(self) -> NDArray[Any]:
        """Turn ``features`` into the logits, and advance; what is returned changes with the next hop."""
        cuda, (now, after) = self._cuda, self._sides
        for name, _, _ in self._states:
            self._point(name, now[name])
            self._point(f"next_{name}", after[name])
        cuda.upload(self._addresses[FEATURES], self.features)
        if not self._plan.context.execute_async_v3(cuda.stream):
            raise DeviceError(f"engine tensorrt: TensorRT stopped computing; {REMEDY}")
        self.fetch([LOGITS])
        self._sides.reverse()
        return self.results[LOGITS]

    def fetch(self, names: Sequence[str]) -> None:
        """Bring some of the ``results`` of the latest hop over."""
        for name in names:
            self._cuda.download(self.results[name], self._addresses[name])
        self._cuda.wait()

    def reset(self) -> None:
        """Return to the state before the first hop."""
        for name, size, fill in self._states:
            self._cuda.fill(self._sides[0][name], fill, size)
        self._cuda.wait()

    def _point(self, name: str, address: int) -> None:
        if not self._plan.context.set_tensor_address(name, address):
            raise DeviceError(f"engine tensorrt: TensorRT takes no memory for {name}; {REMEDY}")


def _close(plan: Plan, cuda: CudaRuntime) -> None:
    """What computes goes before the memory that it computes in."""
    cuda.finish()
    plan.close()
    cuda.close()
