"""The engines by name. Each is imported only when asked for, so that a missing package hurts nobody else."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from mandible.device.engines.base import Engine
from mandible.errors import DeviceError, InputError
from mandible.models import network
from mandible.models.network import Network
from mandible.models.tflite_file import read_bytes
from mandible.wording import shown

# What can spread one hop over several threads, and how far anybody may want it to.
THREADED = ("litert", "tflite", "tflite-runtime", "onnx")
MOST_THREADS = 64
NO_KERNEL = (
    "engine c: no compiled kernel; with a C compiler there, run in mandible's source folder: "
    "pip install --force-reinstall --no-deps -e ."
)


class ModelOnDisk(Protocol):
    """Anything that knows where its ``.tflite`` file lies, such as a released model."""

    @property
    def path(self) -> Path:
        """The ``.tflite`` file."""
        ...


def create(name: str, model: ModelOnDisk | Path | str, threads: int = 1) -> Engine:
    """Return a fresh engine for a streaming ``.tflite`` model.

    Args:
        name: one of ``NAMES``.
        model: where its file lies.
        threads: how many the engine may use, 1 to ``MOST_THREADS``; more than one only ``THREADED`` can.

    Raises InputError for an unknown name, a damaged model or threads that it cannot use, DeviceError (naming
    the remedy) where the engine's package or kernel is not installed.
    """
    if name not in NAMES:
        raise InputError(f"engine {name!r} does not exist; choose one of {', '.join(NAMES)}")
    check_threads(name, threads)
    path = Path(model) if isinstance(model, (str, Path)) else model.path
    content = read_bytes(path)
    # Every engine's model passes our own checks first: the interpreters trust their files too much.
    return _MAKERS[name](content, network.parse(content, path), path, threads)


def check_threads(name: str, threads: int) -> None:
    """Raise InputError where an engine cannot use so many threads; one line."""
    if not 1 <= threads <= MOST_THREADS:
        raise InputError(f"engine {name}: threads: must be 1 to {MOST_THREADS}, got {shown(threads)}")
    if threads > 1 and name not in THREADED:
        raise InputError(
            f"engine {name}: works on one thread, not {threads}; more can be used by {', '.join(THREADED)}"
        )


def default_name() -> str:
    """Return ``c`` where its kernel is installed, else the best that stands in for it."""
    if _have_kernel():
        return "c"
    there = available()
    return next(name for name in ("litert", "tflite-runtime", "reference") if name in there)


def available() -> list[str]:
    """Return the names of the engines whose package or kernel is installed, in order of preference."""
    litert, old_runtime = _is_installed("ai_edge_litert"), _have_tflite_runtime()
    present = {
        "c": _have_kernel(),
        "litert": litert,
        "tflite": litert or old_runtime,
        "tflite-runtime": old_runtime,
        "onnx": _is_installed("onnxruntime"),
        "tensorrt": _is_installed("tensorrt"),
        "reference": True,
    }
    return [name for name in NAMES if present[name]]


def _c(content: bytes, checked: Network, path: Path, threads: int) -> Engine:
    if not _have_kernel():
        raise DeviceError(NO_KERNEL)
    from mandible.device.engines.c import CEngine

    return CEngine(checked)


def _litert(content: bytes, checked: Network, path: Path, threads: int) -> Engine:
    from mandible.device.engines.litert import LitertEngine

    return LitertEngine(content, checked, path, threads)


def _tflite(content: bytes, checked: Network, path: Path, threads: int) -> Engine:
    from mandible.device.engines.tflite import TfliteEngine

    return TfliteEngine(content, checked, path, threads)


def _tflite_runtime(content: bytes, checked: Network, path: Path, threads: int) -> Engine:
    from mandible.device.engines.tflite_runtime import TfliteRuntimeEngine

    return TfliteRuntimeEngine(content, checked, path, threads)


def _onnx(content: bytes, checked: Network, path: Path, threads: int) -> Engine:
    from mandible.device.engines.onnx import OnnxEngine

    return OnnxEngine(checked, path, threads)


def _tensorrt(content: bytes, checked: Network, path: Path, threads: int) -> Engine:
    from mandible.device.engines.tensorrt import TensorrtEngine

    return TensorrtEngine(checked, path)


def _reference(content: bytes, checked: Network, path: Path, threads: int) -> Engine:
    from mandible.device.engines.reference import ReferenceEngine

    return ReferenceEngine(checked)


_MAKERS: dict[str, Callable[[bytes, Network, Path, int], Engine]] = {
    "c": _c,
    "litert": _litert,
    "tflite": _tflite,
    "tflite-runtime": _tflite_runtime,
    "onnx": _onnx,
    "tensorrt": _tensorrt,
    "reference": _reference,
}
NAMES = tuple(_MAKERS)


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # a module that stands for one, without saying where it came from
        return True


def _have_tflite_runtime() -> bool:
    if not _is_installed("tflite_runtime"):
        return False
    from mandible.device.engines.tflite_runtime import numpy_is_old

    return numpy_is_old()


def _have_kernel() -> bool:
    try:
        from mandible.device.engines import _tcn  # noqa: F401  # only whether it loads
    except ImportError:
        return False
    return True
