"""From a format's id to the sink that writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mandible.device.sinks.atomic_file import open_output
from mandible.device.sinks.formats.csv_rows import CsvTrack
from mandible.device.sinks.formats.jsonl import JsonLines
from mandible.device.sinks.formats.rhubarb_json import RhubarbJson
from mandible.device.sinks.formats.rhubarb_tsv import RhubarbTsv
from mandible.device.sinks.formats.timeline import ALIGNED, STAMPS
from mandible.device.sinks.formats.track import TrackSettings, TrackSink
from mandible.errors import InputError

# id -> the sink and the suffix of its files
FORMATS: dict[str, tuple[type[TrackSink], str]] = {
    "csv": (CsvTrack, ".csv"),
    "jsonl": (JsonLines, ".jsonl"),
    "rhubarb-tsv": (RhubarbTsv, ".tsv"),
    "rhubarb-json": (RhubarbJson, ".json"),
}
FORMAT_IDS = tuple(FORMATS)


def suffix(format: str) -> str:
    """The usual file name suffix of a format, with its dot.

    Raises:
        InputError: there is no such format.
    """
    return _known(format)[1]


def open_track(
    path: str | Path,
    format: str = "csv",
    stamp: str = ALIGNED,
    *,
    delay_ms: float,
    header: Mapping[str, object],
) -> TrackSink:
    """Open a viseme track for writing.

    Args:
        path: the file; it appears when the track is closed. ``-`` is standard output.
        format: one of ``FORMAT_IDS``.
        stamp: ``aligned`` (to the sound) or ``emission`` (later by the known delay).
        delay_ms: the line's known delay, 17.5 + lookahead + decoder.
        header: what made the track (model, engine, lookahead, source, conditioning); formats that have room
            for it carry it, ``csv`` and ``rhubarb-tsv`` have none.

    Raises:
        InputError: unknown format or stamp, or the file cannot be written.
    """
    kind, _ = _known(format)
    if stamp not in STAMPS:
        raise InputError(f"--stamp {stamp}: unknown: choose one of {', '.join(STAMPS)}")
    output = open_output(path)
    try:
        return kind(output, TrackSettings(stamp, delay_ms, dict(header)))
    except BaseException:
        output.abort()
        raise


def _known(format: str) -> tuple[type[TrackSink], str]:
    if format not in FORMATS:
        raise InputError(f"--format {format}: unknown: choose one of {', '.join(FORMAT_IDS)}")
    return FORMATS[format]
