"""Where sound comes from: files, pipes, commands, microphones.

Names are imported when first used: the capture process, which lives in this package, does without numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mandible.device.audio.opening import is_live, open_source
    from mandible.device.audio.source import Source
    from mandible.device.audio.wav_writer import WavWriter

_HOMES = {
    "is_live": "mandible.device.audio.opening",
    "open_source": "mandible.device.audio.opening",
    "Source": "mandible.device.audio.source",
    "WavWriter": "mandible.device.audio.wav_writer",
}

__all__ = ["Source", "WavWriter", "is_live", "open_source"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mandible.device.audio' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
