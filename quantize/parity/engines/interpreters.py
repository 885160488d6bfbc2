"""A streaming model in a TensorFlow Lite interpreter of this process."""

from __future__ import annotations

from mandible.device.engines.litert import LitertEngine
from mandible.device.engines.tflite import TfliteEngine
from mandible.quantize.parity.engine import Stepping
from mandible.quantize.parity.subject import Subject


def stepping(kind: type[LitertEngine] | type[TfliteEngine], subject: Subject) -> Stepping:
    """Return the engine; raises DeviceError where its package is missing."""
    return Stepping(kind(subject.content, subject.network, subject.path))
