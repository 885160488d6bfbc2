"""``jsonl``: a header object, then one object per 10 ms hop with every weight, written as it happens."""

from __future__ import annotations

import json
from typing import Any

from mandible.device.frames import Frame
from mandible.device.sinks.atomic_file import Output
from mandible.device.sinks.formats.timeline import FULL_OPENNESS, HOP_TICKS, TICKS_PER_S
from mandible.device.sinks.formats.track import TrackSettings, TrackSink, decoded
from mandible.models.visemes import VISEME_NAMES

SCHEMA = 1
FULL_EXPRESSION = 255


class JsonLines(TrackSink):
    """A hop's ``time_s`` is where its 10 ms begin. Hops that describe only time before 0 are left out.

    Weights are the decoder's own integers; the fifteen of a hop sum to 255. A model's heads, where the header
    tells what their numbers mean, come as real values by name, a list each.
    """

    def __init__(self, output: Output, settings: TrackSettings) -> None:
        super().__init__(output, settings)
        fixed = {"format": "mandible-jsonl", "schema": SCHEMA}
        timing = {"stamp": settings.stamp, "delay_ms": settings.delay_ms, "weights_sum": 255}
        self._object({**fixed, **settings.header, **timing})
        told = settings.header.get("heads")
        self._heads: list[dict[str, Any]] = told if isinstance(told, list) else []

    def write(self, frame: Frame) -> None:
        """Write one hop at once."""
        viseme, openness, weights = decoded(frame)
        start_tick = self.timeline.start_tick(frame.index)
        if start_tick + HOP_TICKS <= 0:
            return
        row: dict[str, object] = {
            "time_s": max(0, start_tick) / TICKS_PER_S,
            "viseme": viseme.name,
            "openness": round(openness / FULL_OPENNESS, 4),
        }
        for name, value in (("arousal", frame.arousal), ("emphasis", frame.emphasis)):
            if value is not None:
                row[name] = round(value / FULL_EXPRESSION, 4)
        row["weights"] = dict(zip(VISEME_NAMES, map(int, weights), strict=True))
        if frame.heads is not None and self._heads:
            row["heads"] = {
                head["name"]: [
                    round((number - head["zero_point"]) * head["scale"], 4)
                    for number in frame.heads[head["name"]]
                ]
                for head in self._heads
            }
        self._object(row)

    def finish(self, end_tick: int) -> None:
        """Nothing is held back."""

    def _object(self, content: dict[str, object]) -> None:
        self.output.write(json.dumps(content, separators=(",", ":")).encode() + b"\n")
