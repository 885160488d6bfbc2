"""What the models take on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.measurement import Measurement, exact

PROBE = "size"


@dataclass(frozen=True)
class Settings:
    """Which models."""

    models: tuple[str, ...] = ("nano", "small", "base")


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement]:
    """Yield the size of every model."""
    for name in settings.models:
        file = bench.model(name)
        yield exact(PROBE, "model_bytes", {"model": file.name}, file.path.stat().st_size)
