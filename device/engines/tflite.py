"""TensorFlow Lite's own reference kernels (BUILTIN_REF): slow, and what "exact" means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mandible.device.engines.interpreter import InterpreterEngine
from mandible.device.engines.tflite_runtime import INSTALL, tflite_runtime
from mandible.errors import DeviceError
from mandible.models.network import Network


class TfliteEngine(InterpreterEngine):
    """Reference kernels from ``ai_edge_litert``, else from ``tflite_runtime``."""

    name = "tflite"
    exact = True

    def __init__(self, content: bytes, network: Network, path: Path, threads: int = 1) -> None:
        runtime = _runtime()
        kernels = runtime.OpResolverType.BUILTIN_REF
        super().__init__(runtime.Interpreter, kernels, content, network, path, threads)


def _runtime() -> Any:
    try:
        from ai_edge_litert import interpreter

        return interpreter
    except ImportError:
        pass
    try:
        import tflite_runtime as _  # noqa: F401  # only whether it is there
    except ImportError:
        raise DeviceError(
            "engine tflite: neither ai-edge-litert nor tflite-runtime is installed; "
            f"run: pip install ai-edge-litert, or, before Python 3.12: {INSTALL}"
        ) from None
    return tflite_runtime("tflite")
