"""Writes the golden tracks again: ``python -m tests.sinks.make_golden``, then look at what changed."""

from __future__ import annotations

from pathlib import Path

from mandible.device.sinks.formats import FORMAT_IDS, STAMPS, open_track, suffix
from tests.sinks.decoded import DELAY_MS, DURATION_S, HEADER, small_track

GOLDEN = Path(__file__).parent / "golden"


def write(folder: Path, format_id: str, stamp: str) -> Path:
    """Write the small track in one format with one stamp."""
    path = folder / f"{format_id}-{stamp}{suffix(format_id)}"
    track = open_track(path, format_id, stamp, delay_ms=DELAY_MS, header=HEADER)
    for frame in small_track():
        track.write(frame)
    track.close(DURATION_S)
    return path


if __name__ == "__main__":
    for format_id in FORMAT_IDS:
        for stamp in STAMPS:
            print(write(GOLDEN, format_id, stamp))
