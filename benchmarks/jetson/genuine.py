"""Whether figures of TensorRT are a Jetson's: only with JetPack's own library and driver in this process.

A stand-in, a package for another computer, or a copy put somewhere else gives figures that are marked
simulated. What the super-user puts in the system's own folders cannot be told apart.
"""

from __future__ import annotations

import ctypes
import re
import stat
from pathlib import Path
from types import ModuleType
from typing import Any

from mandible.benchmarks.devices import Device

MAPS = Path("/proc/self/maps")
# Where JetPack 5 to 7 install TensorRT, and Jetson Linux 32 to 38 the GPU's driver.
_LIBRARY = re.compile(r"\s(/usr/lib/aarch64-linux-gnu/libnvinfer\.so[0-9.]*)$", re.MULTILINE)
_DRIVER = re.compile(r"\s(/usr/lib/aarch64-linux-gnu/(?:nvidia|tegra)/libcuda\.so[0-9.]*)$", re.MULTILINE)


def genuine(device: Device, trt: Any, library: Any) -> bool:
    """Return whether what TensorRT computed here, it computed on this Jetson's GPU.

    Args:
        device: what figures speak of.
        trt: the package ``tensorrt`` after an engine of it has run.
        library: the CUDA runtime that it ran with.
    """
    if device.kind != "jetson" or device.simulated:
        return False
    if type(trt) is not ModuleType or not isinstance(library, ctypes.CDLL):
        return False
    try:
        maps = MAPS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return loaded(maps) and all(_of_the_system(path) for path in _paths(maps))


def loaded(maps: str) -> bool:
    """Return whether both of JetPack's libraries are among a process's mapped files."""
    return _LIBRARY.search(maps) is not None and _DRIVER.search(maps) is not None


def _paths(maps: str) -> set[Path]:
    return {Path(found) for pattern in (_LIBRARY, _DRIVER) for found in pattern.findall(maps)}


def _of_the_system(path: Path) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_uid == 0 and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
