"""Which GPU is here: an engine of TensorRT runs only on the kind of GPU it was built on."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

from mandible.errors import DeviceError

LIBRARY = "libcuda.so.1"
LONGEST_NAME = 100
# Numbers of CUdevice_attribute in cuda.h.
CAPABILITY_MAJOR, CAPABILITY_MINOR = 75, 76
MISSING = "no NVIDIA GPU answers on this machine; run this on the Jetson that the engine is for"


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU: its name, and its compute capability as in "8.7"."""

    name: str
    capability: str


def first_gpu(library: Any = None) -> Gpu:
    """Return the first GPU, as the CUDA driver names it.

    Args:
        library: the driver's library; None loads it.

    Raises:
        DeviceError: there is no driver or no GPU.
    """
    try:
        driver = ctypes.CDLL(LIBRARY) if library is None else library
    except OSError:
        raise DeviceError(f"{MISSING} ({LIBRARY} is missing)") from None
    device = ctypes.c_int()
    name = ctypes.create_string_buffer(LONGEST_NAME)
    major, minor = ctypes.c_int(), ctypes.c_int()
    _ask(driver, "cuInit", 0)
    _ask(driver, "cuDeviceGet", ctypes.byref(device), 0)
    _ask(driver, "cuDeviceGetName", name, LONGEST_NAME, device)
    _ask(driver, "cuDeviceGetAttribute", ctypes.byref(major), CAPABILITY_MAJOR, device)
    _ask(driver, "cuDeviceGetAttribute", ctypes.byref(minor), CAPABILITY_MINOR, device)
    return Gpu(name.value.decode("utf-8", "replace"), f"{major.value}.{minor.value}")


def _ask(driver: Any, function: str, *arguments: Any) -> None:
    code = getattr(driver, function)(*arguments)
    if code:
        raise DeviceError(f"{MISSING} ({function} answers {code})")
