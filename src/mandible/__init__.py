"""Lip-sync for small computers: speech in, viseme weights and servo pulses out.

    import mandible

    for frame in mandible.stream(blocks_of_int16_at_16_khz):
        print(frame.viseme.name, frame.openness)

Names are imported when first used, so that ``import mandible`` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mandible.api import bake, stream
    from mandible.firmware_bridge.link import Link
    from mandible.firmware_bridge.rig import Rig
    from mandible.models.visemes import Viseme

__version__ = "0.1.0"

_HOMES = {
    "bake": "mandible.api",
    "stream": "mandible.api",
    "Link": "mandible.firmware_bridge.link",
    "Rig": "mandible.firmware_bridge.rig",
    "Viseme": "mandible.models.visemes",
}

__all__ = ["Link", "Rig", "Viseme", "__version__", "bake", "stream"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mandible' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
