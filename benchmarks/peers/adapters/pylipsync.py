"""pylipsync as it comes: windows of 64 ms around each of 60 frames a second, so it takes whole recordings."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

RATE_HZ = 16_000
FPS = 60
_CLASSES = {"aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O", "silence": "sil"}
# The opening of each class in the tables that every program is scored by; its weights blend them.
_OPENING = {"A": 1.0, "I": 0.4, "U": 0.4, "E": 0.7, "O": 0.75, "sil": 0.0}
# Weights below this are the program's way to show nothing.
_NOTHING = 1e-6
_state: dict[str, Any] = {}


def start(folder: Path, options: dict[str, Any]) -> None:
    """Load the templates."""
    _state["analyzer"] = import_module("pylipsync").PhonemeAnalyzer()


def prepare(pcm: bytes) -> Any:
    """Samples -> float32 from -1 to 1."""
    import numpy as np

    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32768


def hear(samples: Any) -> Any:
    """Return its segments, one a frame."""
    return _state["analyzer"].extract_phoneme_segments(samples, RATE_HZ, fps=FPS, return_seconds=True)


def rows(segments: Any, seconds: float) -> list[list[Any]]:
    """Return the strongest class of each frame, and the jaw that its weights blend to."""
    found = []
    for segment in segments:
        strongest = segment.dominant_phoneme
        shown = _CLASSES[strongest.name] if strongest.target > _NOTHING else "sil"
        opening = sum(_OPENING[_CLASSES[one.name]] * float(one.target) for one in segment.phonemes)
        found.append([segment.start, segment.end, shown, min(1.0, opening)])
    return found
