"""This project's own line, as ``bake`` drives it, one hop of 10 ms at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mandible.api import build_line
from mandible.device.frames import HOP_SAMPLES, Frame
from mandible.device.pipeline import flushed
from mandible.device.sinks.formats.timeline import EMISSION
from mandible.models.evaluation.tracks import rows as rows_of

_state: dict[str, Any] = {}


def start(folder: Path, options: dict[str, Any]) -> None:
    """Build the line of a model, with the engine that ``run`` and ``bake`` choose."""
    _state["line"] = build_line(str(options["model"]))


def prepare(pcm: bytes) -> Any:
    """Samples as an array, filled up to a whole hop."""
    import numpy as np

    whole = pcm + bytes(-len(pcm) % (2 * HOP_SAMPLES))
    return np.frombuffer(whole, "<i2").astype(np.int16).reshape(-1, HOP_SAMPLES)


def hear(hops: Any) -> Any:
    """Return the state of the mouth for every hop, and how many hops were sound."""
    line = _state["line"]
    line.reset()
    step = line.step
    states = [(f.viseme, f.openness) for f in map(step, flushed(_frames(hops), line.delay_ms))]
    return states, len(hops)


def _frames(hops: Any) -> Iterator[Frame]:
    for index, hop in enumerate(hops):
        yield Frame(index, 0, hop)


def rows(heard: Any, seconds: float) -> list[list[Any]]:
    """Return the track stamped when it was known, as of every program that answers while it hears."""
    states, hops = heard
    return [list(row) for row in rows_of(states, hops, _state["line"].delay_ms, EMISSION)]
