"""How late the mouth is, so that the voice can be as late."""

from __future__ import annotations

from mandible.device.pipeline import HALF_HOP_MS, Line
from mandible.firmware_bridge.rig import Rig

# From a hop's last sample to its frame; the line takes a tenth of it on a computer and this on a small one.
COMPUTE_MS = 1.0


def auto_delay_ms(line: Line, rig: Rig | None) -> float:
    """Return how long after a sound was captured the mouth shows it.

    The line's own delay (to the middle of the 10 ms that a frame speaks for), its computing, and with a rig
    ``[link] lead_ms``, the mean wait for the next pulse and the mouth's slowest servo. ``Speaker`` takes
    what the loudspeaker holds itself off this.
    """
    line_ms = line.delay_ms - HALF_HOP_MS + COMPUTE_MS
    if rig is None:
        return line_ms
    return line_ms + mouth_delay_ms(rig)


def mouth_delay_ms(rig: Rig) -> float:
    """Return how long after its frame left the line a pose is reached, on average."""
    # A pose waits for half a period on average until the next pulse begins.
    return rig.link.lead_ms + rig.link.period_us / 2000 + rig.mouth_delay_ms
