"""What telemetry tells about a computer at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Reading:
    """Facts about the computer; None (or an empty mapping) where no source knows.

    Attributes:
        source: the sources that gave something, in the order asked, joined by ``+``; None when none did.
        temperature_c: the hottest part that has a sensor.
        temperatures_c: every sensor by name.
        power_mw: what the whole board draws, as far as its sensors see it.
        rails_mw: every measured supply by name.
        throttled: what holds or held the computer back, as names of ``pi_throttling.toml``; empty: nothing.
        governor: what decides the clock of the first core.
        scaling_driver: the kernel driver the governor works with.
        cpu_mhz: clock of the fastest core now.
        cpu_max_mhz: clock it may reach.
        cpu_percent: load of each core; None for one that is switched off.
        gpu_percent: load of the graphics processor.
        gpu_mhz: its clock.
        emc_percent: load of the memory controller.
        emc_mhz: its clock.
        power_mode: name of a Jetson's power budget, such as ``15W`` or ``MAXN``.
        clocks_held: whether ``jetson_clocks`` holds every clock at its highest.
        ram_used_mb, ram_total_mb, swap_used_mb, swap_total_mb: memory in MiB.
    """

    source: str | None = None
    temperature_c: float | None = None
    temperatures_c: Mapping[str, float] = field(default_factory=dict)
    power_mw: int | None = None
    rails_mw: Mapping[str, int] = field(default_factory=dict)
    throttled: tuple[str, ...] | None = None
    governor: str | None = None
    scaling_driver: str | None = None
    cpu_mhz: int | None = None
    cpu_max_mhz: int | None = None
    cpu_percent: tuple[int | None, ...] | None = None
    gpu_percent: float | None = None
    gpu_mhz: int | None = None
    emc_percent: int | None = None
    emc_mhz: int | None = None
    power_mode: str | None = None
    clocks_held: bool | None = None
    ram_used_mb: int | None = None
    ram_total_mb: int | None = None
    swap_used_mb: int | None = None
    swap_total_mb: int | None = None

    def completed_by(self, other: Reading) -> Reading:
        """Return this reading with what it lacks taken from ``other``; mappings are not mixed."""
        lacking = [f.name for f in fields(self) if f.name != "source" and _unknown(getattr(self, f.name))]
        known = {name: getattr(other, name) for name in lacking if not _unknown(getattr(other, name))}
        if not known:
            return self
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        source = "+".join(s for s in (self.source, other.source) if s) or None
        return Reading(**{**mine, **known, "source": source})


def _unknown(value: object) -> bool:
    return value is None or value == {}
