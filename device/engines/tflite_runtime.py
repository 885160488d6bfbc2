"""The runtime that LiteRT replaced, for machines without a wheel of that, such as 32-bit Raspberry Pi OS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mandible.device.engines.interpreter import InterpreterEngine
from mandible.errors import DeviceError
from mandible.models.network import Network

INSTALL = "pip install 'tflite-runtime==2.14.0' 'numpy<2'"


class TfliteRuntimeEngine(InterpreterEngine):
    """``tflite_runtime`` with its default kernels; the engine ``tflite`` is the same with exact ones."""

    name = "tflite-runtime"
    exact = False

    def __init__(self, content: bytes, network: Network, path: Path, threads: int = 1) -> None:
        runtime = tflite_runtime(self.name)
        kernels = runtime.OpResolverType.AUTO
        super().__init__(runtime.Interpreter, kernels, content, network, path, threads)


def tflite_runtime(engine: str) -> Any:
    """Return the package's interpreter module.

    Raises:
        DeviceError: it is not installed, or beside a numpy that it does not work with; names the remedy.
    """
    try:
        from tflite_runtime import interpreter
    except ImportError:
        raise DeviceError(
            f"engine {engine}: tflite-runtime is not installed; before Python 3.12 run: {INSTALL}"
        ) from None
    if not numpy_is_old():
        raise DeviceError(f"engine {engine}: tflite-runtime needs numpy<2; run: {INSTALL}")
    return interpreter


def numpy_is_old() -> bool:
    """Whether this numpy is one that tflite-runtime was built for."""
    return int(np.__version__.split(".")[0]) < 2
