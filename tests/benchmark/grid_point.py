"""A point of the grid of engines, as tests change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mandible.benchmarks.grid.point import Point
from mandible.models import released


def point(engine: str = "c", **changes: Any) -> Point:
    """Return nano on an engine."""
    file = released.resolve("nano")
    made = Point("nano", "nano", str(file.path), file.lookahead_ms, engine, "int8", 1)
    return replace(made, **changes)
