"""Heat, power supply, clocks: what the sensors say becomes words and commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.device.doctor import OK, WARN, machine
from mandible.device.telemetry import Reading, Telemetry
from tests.telemetry import trees


def test_under_voltage_leads_to_the_power_supply(tmp_path: Path) -> None:
    reading = Telemetry(trees.raspberry_pi(tmp_path, throttled="50005"), search_path="").read()
    voltage, slow = machine.throttling(reading)
    assert voltage.result == slow.result == WARN
    assert "supply voltage is too low now" in voltage.finding
    assert "power supply" in voltage.remedy
    assert "slowed down now" in slow.finding


def test_what_was_since_boot_is_told_as_such() -> None:
    (check,) = machine.throttling(Reading(throttled=("under-voltage-since-boot",)))
    assert check.result == WARN
    assert "at least once since boot" in check.finding
    assert "power supply" in check.remedy


def test_no_throttling_and_unknown_throttling() -> None:
    (none,) = machine.throttling(Reading(throttled=()))
    (unknown,) = machine.throttling(Reading())
    assert (none.result, none.finding) == (OK, "none, now or since boot")
    assert unknown.result == OK
    assert unknown.finding.startswith("unknown")


@pytest.mark.parametrize(
    ("governor", "driver", "result"),
    [
        ("ondemand", "cpufreq-dt", WARN),
        ("powersave", "cpufreq-dt", WARN),
        ("conservative", None, WARN),
        ("performance", "cpufreq-dt", OK),
        ("schedutil", "tegra194", OK),
        ("powersave", "intel_pstate", OK),
        (None, None, OK),
    ],
)
def test_governors(governor: str | None, driver: str | None, result: str, tmp_path: Path) -> None:
    (check,) = machine.clock_governor(Reading(governor=governor, scaling_driver=driver), tmp_path)
    assert check.result == result
    assert ("performance" in check.remedy) == (result == WARN)


def test_a_jetson_has_a_command_of_its_own(tmp_path: Path) -> None:
    trees.plant(tmp_path, {"proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0"})
    (check,) = machine.clock_governor(Reading(governor="ondemand"), tmp_path)
    assert check.remedy.startswith("sudo jetson_clocks")
    (check,) = machine.telemetry(Reading(source="kernel", temperature_c=50.0), tmp_path)
    assert (check.result, check.finding[:5]) == (WARN, "50 °C")
    assert "jetson-stats" in check.remedy
    (check,) = machine.telemetry(Reading(source="jtop+kernel", power_mw=4589), tmp_path)
    assert (check.result, check.finding) == (OK, "4.6 W (from jtop+kernel)")


def test_heat() -> None:
    (warm,) = machine.temperature(Reading(temperature_c=51.1, temperatures_c={"cpu": 51.1}))
    (hot,) = machine.temperature(Reading(temperature_c=83.0, temperatures_c={"a": 40.0, "gpu": 83.0}))
    assert (warm.result, warm.finding) == (OK, "51 °C (cpu)")
    assert hot.result == WARN
    assert hot.finding.startswith("83 °C (gpu)")
    assert hot.remedy
    assert list(machine.temperature(Reading())) == []


def test_a_computer_that_tells_nothing_is_said_to_tell_nothing(tmp_path: Path) -> None:
    reading = Telemetry(tmp_path, search_path="").read()
    (check,) = machine.telemetry(reading, tmp_path)
    assert check.result == OK
    for source in ("jtop", "tegrastats", "Raspberry Pi", "thermal zone"):
        assert source in check.finding
    assert [c.result for c in machine.throttling(reading)] == [OK]
    assert [c.result for c in machine.clock_governor(reading, tmp_path)] == [OK]
