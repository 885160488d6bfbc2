"""The compiled engine that ``run`` and ``bake`` use."""

from __future__ import annotations

from mandible.device import engines
from mandible.errors import DeviceError
from mandible.quantize.parity.engine import Options, Stepping
from mandible.quantize.parity.subject import Subject


def create(name: str, subject: Subject, options: Options) -> Stepping:
    """Return the engine; raises DeviceError where its kernel is not compiled."""
    if "c" not in engines.available():
        raise DeviceError(f"engine {name}: no compiled kernel; in mandible's source folder run: make install")
    from mandible.device.engines.c import CEngine

    return Stepping(CEngine(subject.network))
