"""``jsonl``: a header object, then one object per 10 ms hop with every weight, written as it happens."""

from __future__ import annotations

import json

from mandible.device.frames import Frame
from mandible.device.sinks.atomic_file import Output
from mandible.device.sinks.formats.timeline import FULL_OPENNESS, HOP_TICKS, TICKS_PER_S
from mandible.device.sinks.formats.track import TrackSettings, TrackSink, decoded
from mandible.models.visemes import VISEME_NAMES

SCHEMA = 1


class JsonLines(TrackSink):
    """A hop's ``time_s`` is where its 10 ms begin. Hops that describe only time before 0 are left out.

    Weights are the decoder's own integers; the fifteen of a hop sum to 255.
    """

    def __init__(self, output: Output, settings: TrackSettings) -> None:
        super().__init__(output, settings)
        fixed = {"format": "mandible-jsonl", "schema": SCHEMA}
        timing = {"stamp": settings.stamp, "delay_ms": settings.delay_ms, "weights_sum": 255}
        self._object({**fixed, **settings.header, **timing})

    def write(self, frame: Frame) -> None:
        """Write one hop at once."""
        viseme, openness, weights = decoded(frame)
        start_tick = self.timeline.start_tick(frame.index)
        if start_tick + HOP_TICKS <= 0:
            return
        self._object(
            {
                "time_s": max(0, start_tick) / TICKS_PER_S,
                "viseme": viseme.name,
                "openness": round(openness / FULL_OPENNESS, 4),
                "weights": dict(zip(VISEME_NAMES, map(int, weights), strict=True)),
            }
        )

    def finish(self, end_tick: int) -> None:
        """Nothing is held back."""

    def _object(self, content: dict[str, object]) -> None:
        self.output.write(json.dumps(content, separators=(",", ":")).encode() + b"\n")
