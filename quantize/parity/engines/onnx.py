"""ONNX Runtime on our ONNX exports: ``onnx`` as accelerators take it, ``onnx-exact`` with our arithmetic."""

from __future__ import annotations

from mandible.quantize.onnx_export import integer, qdq
from mandible.quantize.onnx_export.runner import OnnxRunner
from mandible.quantize.parity.engine import Options, Stepping
from mandible.quantize.parity.subject import Subject

EXPORTS = {"onnx": qdq.int8, "onnx-exact": integer.exact}


def create(name: str, subject: Subject, options: Options) -> Stepping:
    """Return the engine; raises DeviceError where the package ``onnxruntime`` is missing."""
    return Stepping(OnnxRunner(EXPORTS[name](subject.network), f"{subject.name}.onnx"))
