"""Viseme tracks as files: one small module per format."""

from mandible.device.sinks.formats.registry import FORMAT_IDS, open_track, suffix
from mandible.device.sinks.formats.track import STAMPS, TrackSink

__all__ = ["FORMAT_IDS", "STAMPS", "TrackSink", "open_track", "suffix"]
