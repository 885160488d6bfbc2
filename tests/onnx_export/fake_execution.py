"""A stand-in for a GPU: the CUDA runtime as ``ctypes`` shows it, and TensorRT's execution on top of it.

No simulator of either exists. The memory is real, but behind addresses that no processor has; ONNX Runtime
computes. Asynchronous work is done only when somebody waits for it, so that whoever reads too early reads
old bytes. What a GPU would answer with an error or a crash is noted in ``FakeCudart.faults``.
"""

from __future__ import annotations

import ctypes
import enum
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnxruntime

FIRST_ADDRESS = 0x7_0000_0000  # an address cut to 32 bits would be another one
ALIGNMENT = 256
HOST_TO_DEVICE, DEVICE_TO_HOST = 1, 2
OUT_OF_MEMORY = 2

TensorIOMode = enum.Enum("TensorIOMode", "INPUT OUTPUT")
DataType = enum.Enum("DataType", "FLOAT INT8")
TensorFormat = enum.Enum("TensorFormat", "LINEAR CHW4")
TensorLocation = enum.Enum("TensorLocation", "DEVICE HOST")


class FakeCudart:
    """The library ``libcudart`` with one GPU.

    Args:
        fails: the function that answers with an error.
        after: how many calls of it go well before.
    """

    def __init__(self, fails: str = "", after: int = 0) -> None:
        self._fails, self._after = fails, after
        self._next_address = FIRST_ADDRESS
        self._blocks: dict[int, bytearray] = {}
        self._streams: set[int] = set()
        self._waiting: list[Callable[[], None]] = []
        self.contexts: weakref.WeakSet[FakeContext] = weakref.WeakSet()
        self.faults: list[str] = []
        self.calls: list[str] = []

    @property
    def in_use(self) -> tuple[int, int]:
        """Blocks and streams that nobody gave back."""
        return len(self._blocks), len(self._streams)

    def cudaStreamCreate(self, stream: Any) -> int:  # noqa: N802  # the library's own name, as below
        stream._obj.value = 0x5_0000_1000
        self._streams.add(stream._obj.value)
        return self._answer("cudaStreamCreate", stream._obj)

    def cudaStreamDestroy(self, stream: Any) -> int:  # noqa: N802
        if stream.value not in self._streams or self._waiting:
            self.faults.append("a stream was destroyed twice, or with work waiting")
        self._streams.discard(stream.value)
        return self._answer("cudaStreamDestroy", stream)

    def cudaStreamSynchronize(self, stream: Any) -> int:  # noqa: N802
        work, self._waiting = self._waiting, []
        for one in work:
            one()
        return self._answer("cudaStreamSynchronize", stream)

    def cudaMalloc(self, pointer: Any, size: Any) -> int:  # noqa: N802
        code = self._answer("cudaMalloc", pointer._obj, size)
        if not code:
            pointer._obj.value = self._next_address
            self._blocks[self._next_address] = bytearray(b"\xa5" * size.value)
            self._next_address += -(-size.value // ALIGNMENT) * ALIGNMENT
        return code

    def cudaFree(self, pointer: Any) -> int:  # noqa: N802
        if self._waiting or self.contexts:
            self.faults.append("memory was freed while something could still use it")
        if self._blocks.pop(pointer.value, None) is None:
            self.faults.append("memory was freed twice")
        return self._answer("cudaFree", pointer)

    def cudaMemsetAsync(self, address: Any, value: Any, size: Any, stream: Any) -> int:  # noqa: N802
        def fill() -> None:
            self.write(address.value, bytes([value.value]) * size.value)

        if not 0 <= value.value <= 255:
            self.faults.append("memory was filled with what is no byte")
        self._later(stream, fill)
        return self._answer("cudaMemsetAsync", address, value, size, stream)

    def cudaMemcpyAsync(  # noqa: N802
        self, target: Any, source: Any, size: Any, direction: Any, stream: Any
    ) -> int:
        def copy() -> None:
            if direction.value == HOST_TO_DEVICE:
                self.write(target.value, ctypes.string_at(source.value, size.value))
            else:
                ctypes.memmove(target.value, self.read(source.value, size.value), size.value)

        on_device = source.value if direction.value == DEVICE_TO_HOST else target.value
        on_host = target.value if direction.value == DEVICE_TO_HOST else source.value
        if direction.value not in (HOST_TO_DEVICE, DEVICE_TO_HOST) or on_host in self._blocks:
            self.faults.append("a copy goes the wrong way")
        elif on_device not in self._blocks:
            self.faults.append("a copy from or to what is no memory of the GPU")
        else:
            self._later(stream, copy)
        return self._answer("cudaMemcpyAsync", target, source, size, direction, stream)

    def read(self, address: int | None, size: int) -> bytes:
        """Return a whole block."""
        block = self._blocks.get(address or 0, bytearray())
        if len(block) != size:
            self.faults.append(f"{size} bytes were read from a block of {len(block)}")
        return bytes(block[:size].ljust(size))

    def write(self, address: int | None, content: bytes) -> None:
        """Replace a whole block."""
        block = self._blocks.get(address or 0, bytearray())
        if len(block) != len(content):
            self.faults.append(f"{len(content)} bytes were written into a block of {len(block)}")
        block[:] = content[: len(block)]

    def execute(self, stream: int, work: Callable[[], None]) -> bool:
        """Take work of TensorRT's."""
        self._later(ctypes.c_void_p(stream), work)
        return not self._answer("execute_async_v3")

    def _later(self, stream: Any, work: Callable[[], None]) -> None:
        if stream.value not in self._streams:
            self.faults.append("work for a stream that does not exist")
        self._waiting.append(work)

    def _answer(self, function: str, *arguments: Any) -> int:
        """Without a declaration, ctypes passes a plain number as 32 bits."""
        if not all(isinstance(one, (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)) for one in arguments):
            self.faults.append(f"{function} got a plain number")
        self.calls.append(function)
        failing = function == self._fails and self.calls.count(function) > self._after
        return OUT_OF_MEMORY if failing else 0


class FakeEngine:
    """What ``deserialize_cuda_engine`` returns: an ONNX model that ONNX Runtime reads.

    Attributes:
        changes: what it claims of a tensor instead of the truth, by question and tensor.
    """

    changes: Mapping[tuple[str, str], Any] = {}

    def __init__(self, content: bytes, gpu: FakeCudart) -> None:
        self._session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        self._gpu = gpu
        self._inputs = {one.name: one for one in self._session.get_inputs()}
        self._tensors = {**self._inputs, **{one.name: one for one in self._session.get_outputs()}}

    @property
    def num_io_tensors(self) -> int:
        return len(self._tensors)

    def get_tensor_name(self, number: int) -> str:
        return list(self._tensors)[number]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name in self._inputs else TensorIOMode.OUTPUT

    def get_tensor_shape(self, name: str) -> Any:
        return self.changes.get(("shape", name), self._tensors[name].shape)

    def get_tensor_dtype(self, name: str) -> DataType:
        found = DataType.INT8 if self._tensors[name].type == "tensor(int8)" else DataType.FLOAT
        return self.changes.get(("dtype", name), found)

    def get_tensor_format(self, name: str) -> TensorFormat:
        return self.changes.get(("format", name), TensorFormat.LINEAR)

    def get_tensor_location(self, name: str) -> TensorLocation:
        return self.changes.get(("location", name), TensorLocation.DEVICE)

    def create_execution_context(self) -> FakeContext | None:
        return None if self.changes.get(("context", "")) else FakeContext(self._session, self._gpu)


def _element(tensor: Any) -> type[np.generic]:
    return np.int8 if tensor.type == "tensor(int8)" else np.float32


class FakeContext:
    """What executes an engine: reads and writes the memory that its tensors were given."""

    def __init__(self, session: Any, gpu: FakeCudart) -> None:
        self._session, self._gpu = session, gpu
        self._addresses: dict[str, int] = {}
        gpu.contexts.add(self)

    def set_tensor_address(self, name: str, address: int) -> bool:
        known = {one.name for one in (*self._session.get_inputs(), *self._session.get_outputs())}
        if name not in known or address % ALIGNMENT:
            return False
        self._addresses[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        """Take the addresses as they are now; compute when somebody waits."""
        addresses, session, gpu = dict(self._addresses), self._session, self._gpu
        if len(set(addresses.values())) < len(session.get_inputs()) + len(session.get_outputs()):
            gpu.faults.append("a tensor has no memory of its own")

        def compute() -> None:
            feeds = {
                one.name: np.frombuffer(
                    gpu.read(addresses[one.name], int(np.prod(one.shape)) * _element(one)().itemsize),
                    _element(one),
                ).reshape(one.shape)
                for one in session.get_inputs()
            }
            names = [one.name for one in session.get_outputs()]
            for name, values in zip(names, session.run(names, feeds), strict=True):
                gpu.write(addresses[name], values.tobytes())

        return gpu.execute(stream, compute)
