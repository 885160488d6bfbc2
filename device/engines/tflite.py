"""TensorFlow Lite's own reference kernels (BUILTIN_REF): slow, and what "exact" means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mandible.device.engines.interpreter import InterpreterEngine
from mandible.errors import DeviceError
from mandible.models.network import Network

OLD_RUNTIME = "pip install 'tflite-runtime==2.14.0' 'numpy<2'"


class TfliteEngine(InterpreterEngine):
    """Reference kernels from ``ai_edge_litert``, else from ``tflite_runtime``."""

    name = "tflite"
    exact = True

    def __init__(self, content: bytes, network: Network, path: Path) -> None:
        runtime = _runtime()
        super().__init__(runtime.Interpreter, runtime.OpResolverType.BUILTIN_REF, content, network, path)


def _runtime() -> Any:
    try:
        from ai_edge_litert import interpreter

        return interpreter
    except ImportError:
        pass
    try:
        from tflite_runtime import interpreter
    except ImportError:
        raise DeviceError(
            "engine tflite: neither ai-edge-litert nor tflite-runtime is installed; "
            f"run: pip install ai-edge-litert, or, before Python 3.12: {OLD_RUNTIME}"
        ) from None
    if int(np.__version__.split(".")[0]) >= 2:
        raise DeviceError(f"engine tflite: tflite-runtime needs numpy<2; run: {OLD_RUNTIME}")
    return interpreter
