"""Whether heat, supply or current hold a computer back now; ``held_back.toml`` says how that is told."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

from mandible.device.telemetry import Reading
from mandible.device.telemetry.kernel_file import entries, number, text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = Path(__file__).with_name("held_back.toml")
COOLING = Path("sys/class/thermal")
SLOW_CLOCK = "clock-low"
_PAST = "-since-boot"
# This governor asks for the highest clock always, whether or not there is work.
_ALWAYS_HIGHEST = "performance"


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


class HeldBack:
    """Remembers counters and the highest clock, so that each look tells what has happened since the last.

    Attributes:
        known: whether any look found a source that would tell.
    """

    def __init__(self, root: Path, busy: bool) -> None:
        """Take a first look at the counters below ``root``; ``busy``: the cores are kept busy meanwhile."""
        self._root, self._busy = root, busy
        self._counts: dict[Path, int] = {}
        self._highest_mhz = 0
        self.known = False
        self._grown()

    def now(self, reading: Reading) -> tuple[str, ...]:
        """Return the names of what holds the computer back; empty where nothing does, or nothing tells."""
        names = [*self._flagged(reading), *self._grown(), *self._slowed(), *self._clock(reading)]
        return tuple(dict.fromkeys(names))

    def _flagged(self, reading: Reading) -> list[str]:
        self.known |= reading.throttled is not None
        return [name for name in reading.throttled or () if not name.endswith(_PAST)]

    def _grown(self) -> list[str]:
        names = []
        for one in _table()["counter"]:
            for place in entries(self._root / one["folder"], one["entries"]):
                path = place / one["file"]
                count = number(path)
                if count is None:
                    continue
                self.known = True
                if count > self._counts.get(path, count):
                    names.append(one["name"])
                self._counts[path] = count
        return names

    def _slowed(self) -> list[str]:
        names = []
        for device in entries(self._root / COOLING, "cooling_device*"):
            kind, state = text(device / "type") or "", number(device / "cur_state")
            if state is not None and any(part in kind for part in _table()["slowing"]):
                self.known = True
                if state > 0:
                    names.append(kind)
        return names

    def _clock(self, reading: Reading) -> list[str]:
        """A governor that saves power lowers the clock of an idle core: only a busy one tells something."""
        if reading.cpu_mhz is None or not (self._busy or reading.governor == _ALWAYS_HIGHEST):
            return []
        self.known = True
        self._highest_mhz = max(self._highest_mhz, reading.cpu_mhz)
        return [SLOW_CLOCK] if reading.cpu_mhz < _table()["clock_share"] * self._highest_mhz else []
