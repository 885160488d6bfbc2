"""What any Linux kernel tells: heat, clocks, power meters and memory, from files that anybody may read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mandible.device.telemetry.kernel_file import entries, lines, number, text, whole_number
from mandible.device.telemetry.reading import Reading
from mandible.device.telemetry.tegrastats import board_power_mw

SOURCE = "kernel"
# Outside of these a sensor is not connected, or is no thermometer.
_COLDEST_C, _HOTTEST_C = -55.0, 150.0
_HIGHEST_POWER_MW = 2_000_000
# The INA3221, by which a Jetson measures its rails, has three channels.
_CHANNELS = (1, 2, 3)


def read(root: Path = Path("/")) -> Reading | None:
    """Read everything that is there; None where nothing is."""
    temperatures_c = dict(_temperatures_c(root))
    rails_mw = dict(_rails_mw(root))
    cores = root / "sys/devices/system/cpu"
    governor = text(cores / "cpu0/cpufreq/scaling_governor")
    gpu_percent, gpu_mhz = _gpu(root)
    memory = _memory_mb(root)
    reading = Reading(
        source=SOURCE,
        temperature_c=max(temperatures_c.values(), default=None),
        temperatures_c=temperatures_c,
        power_mw=board_power_mw(rails_mw),
        rails_mw=rails_mw,
        governor=governor or None,
        scaling_driver=text(cores / "cpu0/cpufreq/scaling_driver") or None,
        cpu_mhz=_highest_mhz(cores, "scaling_cur_freq"),
        cpu_max_mhz=_highest_mhz(cores, "cpuinfo_max_freq"),
        gpu_percent=gpu_percent,
        gpu_mhz=gpu_mhz,
        ram_used_mb=memory.get("ram_used"),
        ram_total_mb=memory.get("ram_total"),
        swap_used_mb=memory.get("swap_used"),
        swap_total_mb=memory.get("swap_total"),
    )
    return None if reading == Reading(source=SOURCE) else reading


def _temperatures_c(root: Path) -> Iterator[tuple[str, float]]:
    for zone in entries(root / "sys/class/thermal", "thermal_zone*"):
        millidegrees = number(zone / "temp")
        if millidegrees is not None and _COLDEST_C < millidegrees / 1000 < _HOTTEST_C:
            kind = text(zone / "type") or zone.name
            # The power chip of older Jetsons says the same number always.
            if not kind.upper().startswith("PMIC"):
                yield kind, millidegrees / 1000


def _rails_mw(root: Path) -> Iterator[tuple[str, int]]:
    for monitor in entries(root / "sys/class/hwmon", "hwmon*"):
        chip = text(monitor / "name") or monitor.name
        for channel in _CHANNELS:
            label = text(monitor / f"in{channel}_label")
            volts_m, amps_m = number(monitor / f"in{channel}_input"), number(monitor / f"curr{channel}_input")
            if label and volts_m is not None and amps_m is not None:
                yield from _plausible(label, volts_m * amps_m // 1000)
        for file in ("power1_input", "power1_average"):
            if (power_uw := number(monitor / file)) is not None:
                yield from _plausible(chip, power_uw // 1000)
                break
    # Until release 35 the same chip appeared as an industrial input/output device.
    for bus in entries(root / "sys/bus/i2c/drivers/ina3221x", "*-00*"):
        for device in entries(bus, "iio:device*"):
            for channel in range(len(_CHANNELS)):
                label = text(device / f"rail_name_{channel}")
                power_mw = number(device / f"in_power{channel}_input")
                if label and power_mw is not None:
                    yield from _plausible(label, power_mw)


def _plausible(label: str, power_mw: int) -> Iterator[tuple[str, int]]:
    if 0 <= power_mw <= _HIGHEST_POWER_MW:
        yield label, power_mw


def _highest_mhz(cores: Path, name: str) -> int | None:
    clocks_khz = (number(core / "cpufreq" / name) for core in entries(cores, "cpu[0-9]*"))
    return max((khz // 1000 for khz in clocks_khz if khz is not None and khz > 0), default=None)


def _gpu(root: Path) -> tuple[float | None, int | None]:
    """Return load in percent and clock in MHz of a Jetson's graphics processor."""
    for device in entries(root / "sys/class/devfreq", "*gpu*"):
        permille, clock_hz = number(device / "device/load"), number(device / "cur_freq")
        load = permille / 10 if permille is not None and 0 <= permille <= 1000 else None
        return load, clock_hz // 1_000_000 if clock_hz is not None and clock_hz >= 0 else None
    return None, None


def _memory_mb(root: Path) -> dict[str, int]:
    """Return used and total memory in MiB, from ``/proc/meminfo``."""
    kilobytes = {}
    for line in lines(root / "proc/meminfo"):
        name, _, value = line.partition(":")
        amount = whole_number(value.strip().removesuffix(" kB"))
        if amount is not None:
            kilobytes[name] = amount
    found = {}
    for kind, total, free in (("ram", "MemTotal", "MemAvailable"), ("swap", "SwapTotal", "SwapFree")):
        if total in kilobytes and free in kilobytes:
            found[f"{kind}_total"] = kilobytes[total] // 1024
            found[f"{kind}_used"] = max(0, kilobytes[total] - kilobytes[free]) // 1024
    return found
