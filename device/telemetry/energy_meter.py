"""The energy meter of Intel and AMD processors (RAPL): it counts µJ; two looks at it give a power."""

from __future__ import annotations

import time
from pathlib import Path

from mandible.device.telemetry.kernel_file import number
from mandible.device.telemetry.reading import Reading

SOURCE = "energy-meter"
_METER = Path("sys/class/powercap/intel-rapl:0/energy_uj")
_WINDOW_S = 0.05
# A power over a longer time would say nothing about now.
_LONGEST_WINDOW_S = 30.0
_HIGHEST_POWER_MW = 2_000_000


class EnergyMeter:
    """Remembers its last look, so that a regular reader never waits. Most kernels let only root look."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._path = root / _METER
        self._last: tuple[int, int] | None = None

    def read(self) -> Reading | None:
        """Return the mean power since the last look (a first look takes 50 ms), or None."""
        before = self._last
        if before is None or time.monotonic_ns() - before[1] > _LONGEST_WINDOW_S * 1e9:
            before = self._look()
            if before is not None:
                time.sleep(_WINDOW_S)
        now = self._look()
        # The counter starts anew now and then.
        if before is None or now is None or now[0] < before[0] or now[1] <= before[1]:
            return None
        power_mw = (now[0] - before[0]) * 1_000_000 // (now[1] - before[1])
        return Reading(source=SOURCE, power_mw=power_mw) if power_mw <= _HIGHEST_POWER_MW else None

    def _look(self) -> tuple[int, int] | None:
        energy_uj = number(self._path)
        self._last = None if energy_uj is None else (energy_uj, time.monotonic_ns())
        return self._last
