"""How the computer itself is doing: heat, power, clocks, and whether anything holds it back.

``read()`` never raises and never waits long. What no source knows is None.
"""

from mandible.device.telemetry.reading import Reading
from mandible.device.telemetry.telemetry import Telemetry, read

__all__ = ["Reading", "Telemetry", "read"]
