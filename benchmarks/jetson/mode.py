"""How a Jetson is set up: its power mode, whether ``jetson_clocks`` holds its clocks, and its release.

Sources, first that answers: jetson-stats; NVIDIA's ``nvpmodel -q`` and ``jetson_clocks --show`` (which tells
only the super-user); for the clocks last the kernel's own limits, which anybody may read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mandible.benchmarks.jetson.tools import asked
from mandible.device.telemetry import Reading
from mandible.device.telemetry.kernel_file import entries, lines, number

UNKNOWN = "unknown"
# "NV Power Mode: 15W" and below it the mode's number; releases before 35 write names as MODE_15W_6CORE.
_NAME = r"NV Power Mode: ?([\w.+-]{1,32})[ \r]*"
_MODE = re.compile(_NAME + r"(?:\n[ \t]*(\d{1,3})[ \r]*$)?", re.ASCII | re.MULTILINE)
_LIMITS = re.compile(r"^(cpu\d{1,3}:|GPU)[^\n]{0,80}? ?MinFreq=(\d{1,12}) MaxFreq=(\d{1,12})", re.MULTILINE)
_RELEASE = re.compile(r"# R(\d{1,3}) \(release\), REVISION: (\d{1,3}(?:\.\d{1,3}){0,2})")


@dataclass(frozen=True)
class Mode:
    """How the board is set up; None: nobody tells.

    Attributes:
        power_mode: its name, such as ``15W`` or ``MAXN``.
        number: ``nvpmodel``'s number for it.
        clocks_held: every clock stands at its highest.
        release: of Jetson Linux, such as ``36.4.3``.
    """

    power_mode: str | None
    number: int | None
    clocks_held: bool | None
    release: str | None

    def conditions(self) -> dict[str, str | bool]:
        """Return what every figure of the board says of it."""
        return {
            "power_mode": self.power_mode or UNKNOWN,
            "clocks_held": UNKNOWN if self.clocks_held is None else self.clocks_held,
            "jetson_linux": self.release or UNKNOWN,
        }


def mode(root: Path, reading: Reading) -> Mode:
    """Return how the board below ``root`` is set up; ``reading`` is what telemetry says of it."""
    name, number = named(asked(root, "nvpmodel", "-q"))
    held = reading.clocks_held
    if held is None:
        held = held_as_shown(asked(root, "jetson_clocks", "--show"))
    if held is None:
        held = held_by_kernel(root)
    if reading.power_mode is not None:
        number = number if name == reading.power_mode else None
        name = reading.power_mode
    return Mode(name, number, held, release(lines(root / "etc/nv_tegra_release")))


def named(said: str) -> tuple[str | None, int | None]:
    """Return name and number of the power mode in what ``nvpmodel -q`` prints."""
    found = _MODE.search(said)
    if found is None:
        return None, None
    return found.group(1), None if found.group(2) is None else int(found.group(2))


def held_as_shown(said: str) -> bool | None:
    """Return whether every clock that ``jetson_clocks --show`` prints has no room to move."""
    limits = _LIMITS.findall(said)
    return _all_equal((int(low), int(high)) for _, low, high in limits) if limits else None


def held_by_kernel(root: Path) -> bool | None:
    """Return whether the kernel lets no core and no GPU leave its highest clock."""
    pairs = []
    for core in entries(root / "sys/devices/system/cpu", "cpu[0-9]*"):
        folder = core / "cpufreq"
        pairs.append((number(folder / "scaling_min_freq"), number(folder / "scaling_max_freq")))
    for gpu in entries(root / "sys/class/devfreq", "*gpu*"):
        pairs.append((number(gpu / "min_freq"), number(gpu / "max_freq")))
    told = [(low, high) for low, high in pairs if low is not None and high is not None]
    return _all_equal(told) if told else None


def release(written: Iterable[str]) -> str | None:
    """Return the release in the lines of ``/etc/nv_tegra_release``."""
    for line in written:
        if found := _RELEASE.search(line):
            return f"{found.group(1)}.{found.group(2)}"
    return None


def _all_equal(limits: Iterable[tuple[int, int]]) -> bool:
    return all(low == high for low, high in limits)
