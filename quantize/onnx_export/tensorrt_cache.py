"""The TensorRT engine of a model: from the cache where it was built before, else built here and kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from mandible.quantize.onnx_export import engine_cache, gpu, tensorrt_build
from mandible.quantize.onnx_export.source import Exported

WORKSPACE_MIB = 64


@dataclass(frozen=True, slots=True)
class Obtained:
    """A serialised engine.

    Attributes:
        content: its bytes.
        origin: everything that it depends on.
        was_cached: whether it had been built before.
    """

    content: bytes
    origin: dict[str, str | int]
    was_cached: bool


def obtain(
    trt: Any,
    made: Exported,
    precision: str,
    workspace_mib: int,
    *,
    remedy: str = tensorrt_build.REMEDY,
    anew: bool = False,
) -> Obtained:
    """Return the engine of an ONNX model for the first GPU of this machine.

    Args:
        trt: the package ``tensorrt``.
        made: the ONNX model; for ``int8`` in its symmetric form.
        precision: one of ``tensorrt_build.PRECISIONS``.
        workspace_mib: memory that the builder may use.
        remedy: what to try where TensorRT cannot build it.
        anew: build it even where the cache has it, and replace that.

    Raises:
        DeviceError: there is no GPU, or this TensorRT cannot read or build the model.
        InputError: the engine cannot be kept.
    """
    device = gpu.first_gpu()
    origin: dict[str, str | int] = {
        "model": made.name,
        "model_sha256": made.sha256,
        "onnx_sha256": hashlib.sha256(made.content).hexdigest(),
        "precision": precision,
        "workspace_mib": workspace_mib,
        "tensorrt": str(trt.__version__),
        "gpu": device.name,
        "compute_capability": device.capability,
    }
    engine = None if anew else engine_cache.find(origin)
    if engine is not None:
        return Obtained(engine, origin, was_cached=True)
    engine_cache.make_folder()
    with Console(stderr=True).status("TensorRT builds the engine"):
        engine = tensorrt_build.build(trt, made.content, precision, workspace_mib, remedy)
    engine_cache.keep(engine, origin)
    return Obtained(engine, origin, was_cached=False)
