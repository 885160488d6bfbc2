"""``csv``: one row per run of equal visemes."""

from __future__ import annotations

from mandible.device.sinks.atomic_file import Output
from mandible.device.sinks.formats.timeline import TICKS_PER_S, Row
from mandible.device.sinks.formats.track import RowTrack, TrackSettings

HEADER = "start_s,end_s,viseme,openness\n"


class CsvTrack(RowTrack):
    """Header ``start_s,end_s,viseme,openness``; four decimals; nothing but the table."""

    def __init__(self, output: Output, settings: TrackSettings) -> None:
        super().__init__(output, settings)
        output.write(HEADER.encode())

    def row(self, row: Row) -> None:
        """Write one line."""
        start_s, end_s = row.start_tick / TICKS_PER_S, row.end_tick / TICKS_PER_S
        self.output.write(f"{start_s:.4f},{end_s:.4f},{row.viseme.name},{row.openness:.4f}\n".encode())
