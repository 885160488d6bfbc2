"""TensorFlow Lite's own reference kernels (BUILTIN_REF): slow, and what "exact" means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mandible.device.engines.interpreter import InterpreterEngine
from mandible.errors import DeviceError
from mandible.models.network import Network


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
            "run: pip install ai-edge-litert, or: pip install 'mandible[tflite]'"
        ) from None
    if int(np.__version__.split(".")[0]) >= 2:
        raise DeviceError("engine tflite: tflite-runtime needs numpy<2; run: pip install 'mandible[tflite]'")
    return interpreter
