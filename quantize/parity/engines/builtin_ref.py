"""TensorFlow Lite's reference kernels, hop by hop: what "exact" means."""

from __future__ import annotations

from mandible.device.engines.tflite import TfliteEngine
from mandible.quantize.parity.engine import Options, Stepping
from mandible.quantize.parity.engines.interpreters import stepping
from mandible.quantize.parity.subject import Subject


def create(name: str, subject: Subject, options: Options) -> Stepping:
    """Return the engine; raises DeviceError where no interpreter is installed."""
    return stepping(TfliteEngine, subject)
