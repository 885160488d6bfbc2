"""The stand-in for TensorRT and a GPU as an importable package, so that other processes have it, too.

A folder on ``PYTHONPATH`` brings it; no simulator of either exists. See ``tests.onnx_export.fake_tensorrt``.
"""

from __future__ import annotations

import sys
from typing import Any

from tests.onnx_export.fake_execution import FakeCudart
from tests.onnx_export.fake_tensorrt import FakeTensorrt

from mandible.device.engines import cuda_runtime
from mandible.quantize.onnx_export import gpu

library: Any = FakeCudart()
module: Any = FakeTensorrt(gpu=library)
cuda_runtime.load = lambda names=(): library
gpu.first_gpu = lambda library=None: gpu.Gpu("Orin", "8.7")
sys.modules[__name__] = module
