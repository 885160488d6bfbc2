"""The engines by name. Each is imported only when asked for, so that a missing package hurts nobody else."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from mandible.device.engines.base import Engine
from mandible.errors import DeviceError, InputError
from mandible.models import network
from mandible.models.tflite_file import read_bytes

NAMES = ("c", "litert", "tflite", "reference")


class ModelOnDisk(Protocol):
    """Anything that knows where its ``.tflite`` file lies, such as a released model."""

    @property
    def path(self) -> Path:
        """The ``.tflite`` file."""
        ...


def create(name: str, model: ModelOnDisk | Path | str) -> Engine:
    """Return a fresh engine for a streaming ``.tflite`` model.

    Raises InputError for an unknown name or a damaged model, DeviceError (naming the remedy) where the
    engine's package or kernel is not installed.
    """
    if name not in NAMES:
        raise InputError(f"engine {name!r} does not exist; choose one of {', '.join(NAMES)}")
    path = Path(model) if isinstance(model, (str, Path)) else model.path
    content = read_bytes(path)
    # Every engine's model passes our own checks first: the interpreters trust their files too much.
    checked = network.parse(content, path)
    if name == "c":
        if not _have_kernel():
            raise DeviceError(
                "engine c: no compiled kernel; with a C compiler there, run in mandible's source folder: "
                "pip install --force-reinstall --no-deps -e ."
            )
        from mandible.device.engines.c import CEngine

        return CEngine(checked)
    if name == "litert":
        from mandible.device.engines.litert import LitertEngine

        return LitertEngine(content, checked, path)
    if name == "tflite":
        from mandible.device.engines.tflite import TfliteEngine

        return TfliteEngine(content, checked, path)
    from mandible.device.engines.reference import ReferenceEngine

    return ReferenceEngine(checked)


def default_name() -> str:
    """Return ``c`` where its kernel is installed, else ``litert``."""
    return "c" if _have_kernel() else "litert"


def available() -> list[str]:
    """Return the names of the engines whose package or kernel is installed, in order of preference."""
    present = {
        "c": _have_kernel(),
        "litert": find_spec("ai_edge_litert") is not None,
        "tflite": find_spec("ai_edge_litert") is not None or find_spec("tflite_runtime") is not None,
        "reference": True,
    }
    return [name for name in NAMES if present[name]]


def _have_kernel() -> bool:
    try:
        from mandible.device.engines import _tcn  # noqa: F401  # only whether it loads
    except ImportError:
        return False
    return True
