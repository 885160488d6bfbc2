"""Energy counters: files in which a computer adds up the µJ it has drawn since some moment.

Intel's and AMD's processors have them as power zones (RAPL; Linux documentation, "Power Capping Framework"),
other chips in hwmon (``energy*_input``). A power zone's counter starts over after ``max_energy_range_uj``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mandible.device.telemetry.kernel_file import entries, number, text

ZONES = Path("sys/class/powercap")
MONITORS = Path("sys/class/hwmon")
# A zone of a whole computer, and those that a processor's package does not hold.
PLATFORM, PACKAGE, MEMORY = "psys", "package", "dram"
# More than any computer that this is for draws: a counter that says so was set back.
HIGHEST_W = 5000.0


@dataclass(frozen=True)
class Counter:
    """One counter.

    Attributes:
        rail: what it measures: ``package-0``, ``package-0 dram``, ``psys``, or the chip's own label.
        path: the file.
        range_uj: where it starts over; None where it never does.
    """

    rail: str
    path: Path
    range_uj: int | None = None

    def read_uj(self) -> int | None:
        """Return what it says, or None."""
        return number(self.path)

    def spent_uj(self, before_uj: int, after_uj: int, seconds: float) -> int | None:
        """Return what was drawn between two looks; None where the counter was set back in between."""
        spent = after_uj - before_uj
        if spent < 0 and self.range_uj is not None:
            spent += self.range_uj
        return spent if 0 <= spent <= HIGHEST_W * 1e6 * seconds else None


def find(root: Path) -> list[Counter]:
    """Return the counters that can be read below ``root``, which holds ``sys``."""
    return [one for one in (*_zones(root), *_monitors(root)) if one.read_uj() is not None]


def forbidden(root: Path) -> list[Path]:
    """Return the counters that are there and cannot be read: most kernels let only root look at them."""
    return [one.path for one in _zones(root) if one.path.exists() and one.read_uj() is None]


def whole(counters: Sequence[Counter]) -> tuple[str, list[Counter]] | None:
    """Return what the counters cover together, and which to add up for it; None where none is a power zone.

    Cores and graphics lie within a package, and everything within the platform: each counts once.
    """
    for covers, names in (
        ("the whole computer", (PLATFORM,)),
        ("the processor and its memory", (PACKAGE, MEMORY)),
    ):
        found = [one for one in counters if _kind(one.rail) in names]
        if found:
            return covers, found
    return None


def _kind(rail: str) -> str:
    return rail.split()[-1].split("-")[0]


def _zones(root: Path) -> Iterator[Counter]:
    names: dict[str, str] = {}
    for zone in entries(root / ZONES, "intel-rapl:*"):
        name = text(zone / "name") or zone.name
        # intel-rapl:0:2 is a part of intel-rapl:0, which came before it.
        parent = names.get(zone.name.rpartition(":")[0])
        names[zone.name] = name if parent is None else f"{parent} {name}"
        yield Counter(names[zone.name], zone / "energy_uj", number(zone / "max_energy_range_uj"))


def _monitors(root: Path) -> Iterator[Counter]:
    for monitor in entries(root / MONITORS, "hwmon*"):
        chip = text(monitor / "name") or monitor.name
        for file in entries(monitor, "energy*_input"):
            label = text(monitor / file.name.replace("_input", "_label"))
            yield Counter(f"{chip} {label or file.name.removesuffix('_input')}", file)
