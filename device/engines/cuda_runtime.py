"""As much of the CUDA runtime as one network needs: memory on the GPU, copies, and a stream to wait for.

Spoken to through ``ctypes``: every machine with TensorRT has ``libcudart``, and nothing else is needed.
Source: NVIDIA, "CUDA Runtime API".
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from mandible.errors import DeviceError

LIBRARIES = (
    "libcudart.so",
    "libcudart.so.13",
    "libcudart.so.12",
    "libcudart.so.11.0",
    "/usr/local/cuda/lib64/libcudart.so",
)
MISSING = "engine tensorrt: CUDA's libcudart.so is missing; on a Jetson run: sudo apt install nvidia-jetpack"
# cudaMemcpyKind
HOST_TO_DEVICE, DEVICE_TO_HOST = 1, 2

Values = NDArray[Any]


class CudaRuntime:
    """A library loaded, and everything that was asked of it, until ``close``.

    All work goes to one stream and is done in the order in which it was asked for; ``wait`` waits for it.

    Args:
        library: the CUDA runtime as ``ctypes`` shows it.

    Raises:
        DeviceError: here and in every method, where the GPU refuses.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        self._blocks: list[ctypes.c_void_p] = []
        self._stream = ctypes.c_void_p()
        self._ask("cudaStreamCreate", ctypes.byref(self._stream))

    @property
    def stream(self) -> int:
        """The stream's handle."""
        return self._stream.value or 0

    def allocate(self, size_bytes: int) -> int:
        """Return the address of new memory on the GPU."""
        block = ctypes.c_void_p()
        self._ask("cudaMalloc", ctypes.byref(block), ctypes.c_size_t(size_bytes))
        self._blocks.append(block)
        return block.value or 0

    def fill(self, address: int, value: int, size_bytes: int) -> None:
        """Make every byte the same; ``value`` is an int8."""
        self._ask(
            "cudaMemsetAsync",
            ctypes.c_void_p(address),
            ctypes.c_int(value & 0xFF),
            ctypes.c_size_t(size_bytes),
            self._stream,
        )

    def upload(self, address: int, values: Values) -> None:
        """Copy to the GPU; ``values`` must stay as it is until ``wait`` returns."""
        self._copy(address, values.ctypes.data, values.nbytes, HOST_TO_DEVICE)

    def download(self, values: Values, address: int) -> None:
        """Copy from the GPU; ``values`` has it when ``wait`` returns."""
        self._copy(values.ctypes.data, address, values.nbytes, DEVICE_TO_HOST)

    def wait(self) -> None:
        """Return when all work is done."""
        self._ask("cudaStreamSynchronize", self._stream)

    def finish(self) -> None:
        """Wait as ``wait`` does, but without a complaint."""
        self._library.cudaStreamSynchronize(self._stream)

    def close(self) -> None:
        """Free everything. What the GPU says to that no longer matters."""
        while self._blocks:
            self._library.cudaFree(self._blocks.pop())
        if self._stream:
            self._library.cudaStreamDestroy(self._stream)
            self._stream = ctypes.c_void_p()

    def _copy(self, target: int, source: int, size_bytes: int, direction: int) -> None:
        self._ask(
            "cudaMemcpyAsync",
            ctypes.c_void_p(target),
            ctypes.c_void_p(source),
            ctypes.c_size_t(size_bytes),
            ctypes.c_int(direction),
            self._stream,
        )

    def _ask(self, function: str, *arguments: Any) -> None:
        code = getattr(self._library, function)(*arguments)
        if code:
            raise DeviceError(
                f"engine tensorrt: the GPU refuses ({function} answers {code}); run without --engine tensorrt"
            )


def load(names: Sequence[str] = LIBRARIES) -> Any:
    """Return the library; raises DeviceError, saying where to get it, where it is missing."""
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise DeviceError(MISSING)
