"""TensorRT engines by model and precision: how long one takes to get, and lines that run on it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.benchmarks.grid.passes import cost
from mandible.benchmarks.speech import Speech
from mandible.device.engines import Engine, create
from mandible.device.engines.tensorrt_float import TensorrtFloatEngine
from mandible.device.engines.trial import pass_ns
from mandible.device.frontend import log_mel
from mandible.device.pipeline import Line
from mandible.models.released import ModelFile
from mandible.quantize.onnx_export import tensorrt_build
from mandible.quantize.onnx_export.source import Exported, exported
from mandible.quantize.onnx_export.tensorrt_cache import WORKSPACE_MIB, obtain

ENGINE = "tensorrt"
INT8 = "int8"
PRECISIONS = (INT8, "fp16", "fp32")
BUILT, FOUND = "built", "found"
REMEDY = "leave this precision out of the suite's precisions"


@dataclass(frozen=True)
class Candidate:
    """A model in a precision.

    Attributes:
        file: the int8 model; the float weights lie beside it under the same name.
        precision: one of ``PRECISIONS``.
    """

    file: ModelFile
    precision: str

    @property
    def subject(self) -> dict[str, str | int]:
        """What its figures are of."""
        return {"model": self.file.name, "engine": ENGINE, "precision": self.precision, "threads": 1}

    def graph(self) -> Exported:
        """Return the ONNX model that TensorRT is given.

        Raises:
            InputError: there are no float weights, or they are damaged.
        """
        if self.precision == INT8:
            return exported(str(self.file.path), INT8, symmetric=True)
        return exported(self.file.name, "float32")

    def create(self) -> Engine:
        """Return a fresh engine; raises as ``engines.create``."""
        if self.precision == INT8:
            return create(ENGINE, self.file)
        return TensorrtFloatEngine(self.file.name, self.precision)

    def line(self) -> Line:
        """Return a line with a fresh engine, and no rig: samples to visemes."""
        engine = self.create()
        return Line(engine, engine.output_scale, self.file.lookahead_ms)


def weights_of(precision: str) -> str:
    """Return which weights a precision's engine is built from."""
    return "int8 model" if precision == INT8 else "float weights"


def obtained_s(trt: Any, made: Exported, precision: str) -> dict[str, float]:
    """Return the seconds until an engine is there: built anew, then found in the cache.

    Raises:
        DeviceError: TensorRT refuses; one line.
        InputError: the engine cannot be kept.
    """
    spent_s = {}
    for how in (BUILT, FOUND):
        began_s = time.perf_counter()
        obtain(trt, made, precision, WORKSPACE_MIB, remedy=REMEDY, anew=how == BUILT)
        spent_s[how] = time.perf_counter() - began_s
    return spent_s


def start(trt: Any) -> None:
    """Have TensorRT load what every build needs, so that the first one is not charged with it."""
    trt.Builder(tensorrt_build.quiet_logger(trt, []))


def hops_us(engine: Engine, mels: NDArray[np.int8]) -> tuple[float, ...]:
    """Return how long each of (n, 40) hops takes, the Python call included."""
    return tuple(ns / 1000 for ns in pass_ns(engine, mels))


def cpu_s_per_audio_s(line: Line, speech: Speech) -> float:
    """Return the CPU time of this process for a second of speech, samples in memory to visemes."""
    return sum(cost(line, one.hops()).cpu_s for one in speech.recordings) / speech.seconds


def features(hops: NDArray[np.int16]) -> NDArray[np.int8]:
    """(n, 160) samples -> (n, 40) features."""
    return log_mel(hops.reshape(-1))
