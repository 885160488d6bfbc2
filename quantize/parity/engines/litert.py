"""LiteRT with its XNNPACK kernels."""

from __future__ import annotations

from mandible.device.engines.litert import LitertEngine
from mandible.quantize.parity.engine import Options, Stepping
from mandible.quantize.parity.engines.interpreters import stepping
from mandible.quantize.parity.subject import Subject


def create(name: str, subject: Subject, options: Options) -> Stepping:
    """Return the engine; raises DeviceError where LiteRT is not installed."""
    return stepping(LitertEngine, subject)
