"""The packages of the ``onnx`` extra, imported when first needed."""

from __future__ import annotations

import importlib
from typing import Any

from mandible.errors import DeviceError


def onnx() -> Any:
    """Return the package ``onnx``; raises DeviceError, naming the remedy, where it is missing."""
    return _package("onnx", "onnx.checker", "onnx.helper", "onnx.numpy_helper")


def onnxruntime() -> Any:
    """Return the package ``onnxruntime``; raises DeviceError, naming the remedy, where it is missing."""
    return _package("onnxruntime")


def _package(name: str, *modules: str) -> Any:
    try:
        for module in modules:
            importlib.import_module(module)
        return importlib.import_module(name)
    except ImportError:
        raise DeviceError(f"the package {name} is not installed; run: pip install onnx onnxruntime") from None
