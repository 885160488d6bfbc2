"""From a network to ONNX files, and from them to logits with ONNX Runtime."""

from mandible.quantize.onnx_export.floating import float32
from mandible.quantize.onnx_export.integer import exact
from mandible.quantize.onnx_export.qdq import int8
from mandible.quantize.onnx_export.runner import OnnxRunner

__all__ = ["OnnxRunner", "exact", "float32", "int8"]
