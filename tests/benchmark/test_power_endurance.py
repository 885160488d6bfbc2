"""Minutes of work under the thermometer, shortened: what a computer that is only a folder tells of them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mandible.benchmarks.bench import Bench, silent
from mandible.benchmarks.devices import Device
from mandible.benchmarks.measurement import Measurement, Series
from mandible.benchmarks.power.held_back import HeldBack
from mandible.benchmarks.probes import endurance
from mandible.benchmarks.speech import sample
from mandible.device.telemetry import Reading, Telemetry
from mandible.errors import DeviceError
from tests.telemetry import trees

SHORT = endurance.Settings(model="nano", seconds=2.0, interval_s=0.1)
Found = list[Measurement | Series]


def measured(
    root: Path, scratch: Path, settings: endurance.Settings = SHORT, tell: Callable[[str], None] = silent
) -> tuple[Found, str | None]:
    """Return what was measured, and what the computer does not tell; ``tell`` is called as hops begin."""
    found: Found = []
    bench = Bench(Device("host", root), sample(), scratch, tell=tell)
    try:
        for one in endurance.measure(settings, bench):
            found.append(one)
    except DeviceError as error:
        return found, str(error)
    return found, None


def figure(found: Found, name: str) -> Measurement:
    (one,) = [one for one in found if isinstance(one, Measurement) and one.figure == name]
    return one


def test_a_board_that_is_held_back_halfway_is_seen_so(tmp_path: Path) -> None:
    root = trees.raspberry_pi(tmp_path / "pi", throttled="50000")

    def overheat() -> None:
        trees.plant(
            root,
            {
                "sys/devices/platform/soc/soc:firmware/get_throttled": "5000c",
                "sys/class/thermal/thermal_zone0/temp": 82_400,
            },
        )

    timer = threading.Timer(1.0, overheat)
    found, lacking = measured(root, tmp_path, tell=lambda _: timer.start())
    timer.join()
    assert lacking is not None
    assert "what it draws" in lacking
    assert "temperature" not in lacking
    heat = figure(found, "temperature_c")
    assert heat.subject == {"sensor": "cpu-thermal"}
    assert (min(heat.samples), heat.value) == (51.121, 82.4)
    held = figure(found, "held_back_s")
    # Notes of what was since it was switched on are not about now.
    assert 0.3 < held.value < 1.9
    assert held.conditions["by"] == "soft-temperature-limit, throttled"
    (series,) = [one for one in found if isinstance(one, Series)]
    assert series.name == "endurance"
    assert list(series.columns) == [
        "time_s", "temperature_c", "cpu_mhz", "power_mw", "line_us", "throttled",
    ]  # fmt: skip
    assert len({len(column) for column in series.columns.values()}) == 1
    times = [at_s for at_s in series.columns["time_s"] if at_s is not None]
    assert times == sorted(times)
    assert 15 <= len(times) <= 25
    assert set(series.columns["cpu_mhz"]) == {700}
    assert set(series.columns["power_mw"]) == {None}
    assert sum(one or 0 for one in series.columns["throttled"]) == pytest.approx(held.value / 0.1)


def test_hops_are_told_one_by_one_with_the_accuracy_beside(tmp_path: Path) -> None:
    found, lacking = measured(tmp_path, tmp_path)
    hops = figure(found, "line_us")
    assert len(hops.samples) == 200
    assert len(hops.rounds) == 2  # a run of less than two minutes has halves
    assert len(figure(found, "minute_p99_us").rounds) == 2
    assert figure(found, "slowdown").value == pytest.approx(hops.of_rounds[-1] / hops.of_rounds[0])
    assert figure(found, "late_hops").value <= 200
    assert figure(found, "accuracy").subject == hops.subject
    assert lacking is not None
    for what in ("temperature", "clock", "what it draws", "held back"):
        assert what in lacking


def test_no_seconds_are_no_work(tmp_path: Path) -> None:
    assert measured(tmp_path, tmp_path, replace(SHORT, seconds=0.0)) == ([], None)


def test_a_fan_is_no_brake_but_a_lowered_clock_is(tmp_path: Path) -> None:
    cooling = "sys/class/thermal/cooling_device"
    trees.plant(tmp_path, {f"{cooling}0/type": "pwm-fan", f"{cooling}0/cur_state": 3})
    held = HeldBack(tmp_path, busy=False)
    assert held.now(Reading()) == ()
    assert not held.known
    trees.plant(tmp_path, {f"{cooling}1/type": "cpufreq-cpu0", f"{cooling}1/cur_state": 0})
    assert held.now(Reading()) == ()
    assert held.known
    trees.plant(tmp_path, {f"{cooling}1/cur_state": 2})
    assert held.now(Reading()) == ("cpufreq-cpu0",)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("sys/class/hwmon/hwmon3/oc1_event_cnt", "under-voltage"),
        ("sys/class/hwmon/hwmon3/oc3_event_cnt", "over-current-instant"),
        ("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "core-throttled"),
        ("sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count", "package-throttled"),
    ],
)
def test_a_counter_of_events_tells_of_now_when_it_grows(tmp_path: Path, file: str, name: str) -> None:
    trees.plant(tmp_path, {file: 7})
    held = HeldBack(tmp_path, busy=False)
    assert held.now(Reading()) == ()
    trees.plant(tmp_path, {file: 9})
    assert held.now(Reading()) == (name,)
    assert held.now(Reading()) == ()


def test_a_low_clock_tells_something_only_of_a_busy_core(tmp_path: Path) -> None:
    fast, slow = Reading(cpu_mhz=1800), Reading(cpu_mhz=1500)
    idle, busy = HeldBack(tmp_path, busy=False), HeldBack(tmp_path, busy=True)
    assert [idle.now(fast), idle.now(slow)] == [(), ()]
    assert not idle.known
    assert [busy.now(fast), busy.now(slow), busy.now(Reading(cpu_mhz=1700))] == [(), ("clock-low",), ()]
    pinned = HeldBack(tmp_path, busy=False)
    assert pinned.now(replace(fast, governor="performance")) == ()
    assert pinned.now(replace(slow, governor="performance")) == ("clock-low",)


def test_cores_are_kept_busy_and_let_go_even_when_we_are_killed(tmp_path: Path) -> None:
    """The program that keeps two cores busy is killed; those it started end by themselves."""
    script = (
        "import sys, time\n"
        "from mandible.benchmarks.power.burner import burning\n"
        "with burning(2, 'nano', 'c', 60):\n"
        "    print('burning', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdin is not None
    assert starter.stdout is not None
    try:
        assert starter.stdout.readline() == "burning\n"
        listed = Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text()
        burners = [os.pidfd_open(int(pid)) for pid in listed.split()]
        assert len(burners) == 2
    finally:
        starter.send_signal(signal.SIGKILL)
        starter.wait()
        starter.stdin.close()
        starter.stdout.close()
    deadline_s = time.monotonic() + 20
    for burner in burners:
        # Its descriptor becomes readable when the process is gone.
        assert select.select([burner], [], [], max(0.0, deadline_s - time.monotonic()))[0]
        os.close(burner)


def test_the_tree_of_a_board_is_asked_and_never_this_computers_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin/vcgencmd"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho throttled=0xf\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    assert Telemetry(tmp_path).read().throttled is not None
    found, _ = measured(tmp_path, tmp_path, replace(SHORT, seconds=0.5))
    assert not [one for one in found if isinstance(one, Measurement) and one.figure == "held_back_s"]
