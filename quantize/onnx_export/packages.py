"""The package of the ``onnx`` extra, imported when first needed."""

from __future__ import annotations

import importlib
from typing import Any

from mandible.errors import DeviceError


def onnxruntime() -> Any:
    """Return the package ``onnxruntime``; raises DeviceError, naming the remedy, where it is missing."""
    try:
        return importlib.import_module("onnxruntime")
    except ImportError:
        raise DeviceError("the package onnxruntime is not installed; run: pip install onnxruntime") from None
