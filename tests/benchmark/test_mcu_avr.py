"""The Arduino firmware's inner times, from the real image on the simulated chip."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.devices import Device
from mandible.benchmarks.probes import avr
from mandible.benchmarks.speech import sample
from mandible.errors import DeviceError
from tests.measure.uno import VECTORS

# docs/motion.md; the plan has to be there 9 ms after it was begun.
PLANNING_US = 6100
# Twelve edges and the waits between near ones; a period is 20,000.
SERVO_INTERRUPT_US = 400


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Device("mcu"), sample(), tmp_path)


def test_every_interrupt_and_every_planning_is_timed(bench: Bench) -> None:
    found = list(avr.measure(avr.Settings(hops=60), bench))
    by_stage = {one.subject["stage"]: one for one in found if one.figure == "interrupt_us"}
    assert set(by_stage) == set(VECTORS.values())
    servo = by_stage["servo"]
    assert 1 < servo.value == max(servo.samples) <= SERVO_INTERRUPT_US
    # 50 periods a second, of two halves of six outputs.
    calls = {one.subject["stage"]: one.value for one in found if one.figure == "interrupts_per_s"}
    assert calls["servo"] == pytest.approx(len(servo.samples) / 0.6, abs=0.01)
    assert calls["servo"] >= 100
    # Each byte received is one call, unless the servo's interrupt has taken it.
    assert 3000 < calls["byte received"] < 4000
    figures = {one.figure: one.value for one in found if "stage" not in one.subject}
    assert 500 < figures["planning_us"] <= PLANNING_US
    assert figures["line_load_percent"] == pytest.approx(32.1, abs=0.2)
    assert 10 < figures["processor_percent"] < 60
    assert figures["width_off_us"] <= 0.5
    assert figures["bytes_lost"] == 0
    assert figures["flash_bytes"] < 32_256
    assert figures["ram_bytes"] + figures["stack_bytes"] < 2048 - 300


def test_two_runs_tell_the_same(bench: Bench) -> None:
    one, other = (
        [(found.key, found.rounds) for found in avr.measure(avr.Settings(hops=60), bench)] for _ in range(2)
    )
    assert one == other


def test_an_installed_package_says_that_it_needs_the_source_folder(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="source folder") as told:
        avr._ran(avr.Settings(), bench.scratch, tmp_path)
    assert "\n" not in str(told.value)


def test_a_missing_compiler_is_named_with_its_remedy(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match=r"is missing.*apt-get install make gcc gcc-avr") as told:
        list(avr.measure(avr.Settings(), bench))
    assert "\n" not in str(told.value)
