"""Heat, power supply and clocks: what makes a mouth late on a computer that is fast enough."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mandible.device.doctor.check import OK, WARN, Check
from mandible.device.telemetry import Reading
from mandible.device.telemetry.kernel_file import text
from mandible.device.telemetry.raspberry_pi import flags

# A Raspberry Pi slows down at 80 to 85 °C; Jetsons go on to about 97.
HOT_C = 80.0
SLOW_GOVERNORS = ("powersave", "ondemand", "conservative")
# With these drivers "powersave" follows the load as quickly as "performance".
SELF_GOVERNING_DRIVERS = ("intel_pstate", "amd-pstate-epp", "amd_pstate_epp")
GOVERNOR = "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
JETSON_CLOCKS = "sudo jetson_clocks (holds every clock at its highest until the next start)"
JETSON_TOOLS = "sudo pip install jetson-stats && sudo systemctl restart jtop"
NO_SENSORS = "no jtop, no tegrastats, no Raspberry Pi firmware, no thermal zone: heat and power stay unknown"


def telemetry(reading: Reading, root: Path = Path("/")) -> Iterator[Check]:
    """Yield what the computer tells of itself, and by which means."""
    told = [
        f"{reading.temperature_c:.0f} °C" if reading.temperature_c is not None else "",
        f"{reading.power_mw / 1000:.1f} W" if reading.power_mw is not None else "",
        f"CPU {reading.cpu_mhz} of {reading.cpu_max_mhz or '?'} MHz" if reading.cpu_mhz else "",
        f"GPU {reading.gpu_percent:.0f} %" if reading.gpu_percent is not None else "",
    ]
    facts = ", ".join(fact for fact in told if fact)
    if not facts and reading.throttled is None:
        yield Check("telemetry", OK, NO_SENSORS)
        return
    lacks_tools = is_jetson(root) and not {"jtop", "tegrastats"} & set((reading.source or "").split("+"))
    finding = f"{facts or 'no sensor'} (from {reading.source})"
    if lacks_tools:
        finding += ": a Jetson without jtop and tegrastats tells less"
    yield Check("telemetry", WARN if lacks_tools else OK, finding, JETSON_TOOLS if lacks_tools else "")


def throttling(reading: Reading) -> Iterator[Check]:
    """Yield what holds or held the computer back, in words."""
    if reading.throttled is None:
        yield Check("throttling", OK, "unknown: only a Raspberry Pi's firmware tells")
        return
    if not reading.throttled:
        yield Check("throttling", OK, "none, now or since boot")
    now = set(reading.throttled)
    for flag in flags():
        # What is so now was so since boot, too: said once.
        if flag.name in now and flag.name.removesuffix("-since-boot") not in now - {flag.name}:
            yield Check("throttling", WARN, flag.meaning, flag.remedy)


def temperature(reading: Reading) -> Iterator[Check]:
    """Yield how hot the hottest part is, where a sensor says so."""
    if reading.temperature_c is None:
        return
    names = [n for n, degrees_c in reading.temperatures_c.items() if degrees_c == reading.temperature_c]
    finding = f"{reading.temperature_c:.0f} °C ({names[0] if names else 'hottest sensor'})"
    if reading.temperature_c >= HOT_C:
        remedy = "give it a heat sink or a fan, or air around its case; sudo dmesg | grep -i throttl"
        yield Check("temperature", WARN, f"{finding}: about to slow down", remedy)
    else:
        yield Check("temperature", OK, finding)


def clock_governor(reading: Reading, root: Path = Path("/")) -> Iterator[Check]:
    """Yield whether the clock rises quickly enough when a hop comes."""
    if reading.governor is None:
        yield Check("clock governor", OK, "none: the clock is not for Linux to choose here")
        return
    driver = f" ({reading.scaling_driver})" if reading.scaling_driver else ""
    slow = reading.governor in SLOW_GOVERNORS and reading.scaling_driver not in SELF_GOVERNING_DRIVERS
    if slow:
        finding = f"{reading.governor}{driver}: raises the clock late, so that hops take longer"
        yield Check("clock governor", WARN, finding, JETSON_CLOCKS if is_jetson(root) else GOVERNOR)
    else:
        yield Check("clock governor", OK, f"{reading.governor}{driver}")


def is_jetson(root: Path = Path("/")) -> bool:
    """Whether this is an NVIDIA Jetson."""
    model = text(root / "proc/device-tree/model") or ""
    return "jetson" in model.lower() or text(root / "etc/nv_tegra_release") is not None
