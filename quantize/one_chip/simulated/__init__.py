"""A puppet's image at work without its board: on QEMU's Cortex-M4, and on rp2040js with a microphone."""

from mandible.quantize.one_chip.simulated.run import run
from mandible.quantize.one_chip.simulated.seen import Hop, Period, Pulse, Seen

__all__ = ["Hop", "Period", "Pulse", "Seen", "run"]
