"""All sources together: each fills in what the others lack, and none of them can stop the line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from mandible.device import telemetry
from mandible.device.telemetry import Reading, Telemetry, kernel
from mandible.device.telemetry.energy_meter import EnergyMeter
from mandible.device.telemetry.jtop import SOURCE as JTOP
from mandible.device.telemetry.jtop import JtopSession
from mandible.device.telemetry.jtop import _reading as jtop_reading
from tests.telemetry import trees

# jetson-stats' own.
pytestmark = pytest.mark.filterwarnings("ignore:distro.linux_distribution:DeprecationWarning")

SERVICE_START_S = 20.0


def test_a_raspberry_pi(tmp_path: Path) -> None:
    reading = Telemetry(trees.raspberry_pi(tmp_path, throttled="1"), search_path="").read()
    assert reading == Reading(
        source="raspberry-pi+kernel",
        temperature_c=51.121,
        temperatures_c={"cpu-thermal": 51.121},
        throttled=("under-voltage",),
        governor="ondemand",
        scaling_driver="cpufreq-dt",
        cpu_mhz=700,
        cpu_max_mhz=1800,
        ram_used_mb=863,
        ram_total_mb=3793,
        swap_used_mb=0,
        swap_total_mb=99,
    )


def test_a_jetson_without_its_tools(tmp_path: Path) -> None:
    reading = Telemetry(trees.orin_nano(tmp_path), search_path="").read()
    assert reading.source == "kernel"
    assert reading.rails_mw == {"VDD_IN": 4589, "VDD_CPU_GPU_CV": 1207, "VDD_SOC": 1607}
    assert reading.power_mw == 4589
    assert reading.temperatures_c == {"cpu-thermal": 48.562, "gpu-thermal": 49.625}
    assert reading.temperature_c == 49.625
    assert (reading.gpu_percent, reading.gpu_mhz) == (43.7, 612)
    assert (reading.governor, reading.cpu_mhz, reading.cpu_max_mhz) == ("schedutil", 729, 1510)
    assert reading.throttled is None


def test_an_older_jetsons_power_meter(tmp_path: Path) -> None:
    reading = kernel.read(trees.xavier_nx(tmp_path))
    assert reading is not None
    assert reading.rails_mw == {"VDD_IN": 2763, "VDD_CPU_GPU_CV": 650, "VDD_SOC": 711}
    assert reading.power_mw == 2763


def test_tegrastats_and_the_kernel_complete_each_other(tmp_path: Path) -> None:
    program = tmp_path / "tegrastats"
    program.write_text("#!/bin/sh\necho 'RAM 1343/7620MB CPU [3%@1497,off] cpu@58.5C VDD_IN 5251mW/8535mW'\n")
    program.chmod(0o755)
    reading = Telemetry(trees.orin_nano(tmp_path), search_path=str(tmp_path)).read()
    assert reading.source == "tegrastats+kernel"
    assert reading.power_mw == 5251
    assert reading.rails_mw == {"VDD_IN": 5251}
    assert reading.temperature_c == 58.5
    assert reading.cpu_percent == (3, None)
    assert reading.gpu_percent == 43.7
    assert reading.governor == "schedutil"


def test_nothing_there_gives_nothing(tmp_path: Path) -> None:
    there = Telemetry(tmp_path, search_path="")
    assert there.read() == Reading()
    assert there.problems == {}


def test_this_computer_answers_quickly_and_in_plain_values() -> None:
    telemetry.read()
    best_s = 1.0
    for _ in range(5):
        began_s = time.thread_time()
        reading = telemetry.read()
        best_s = min(best_s, time.thread_time() - began_s)
    assert best_s < 0.02
    assert json.loads(json.dumps(asdict(reading)))["source"] == reading.source


def test_a_source_that_breaks_is_noted_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Reading:
        raise ZeroDivisionError("by a sensor")

    monkeypatch.setattr(kernel, "read", broken)
    there = Telemetry(trees.raspberry_pi(tmp_path, throttled="0"), search_path="")
    assert there.read() == Reading(source="raspberry-pi", throttled=())
    assert there.problems == {"kernel": "ZeroDivisionError: by a sensor"}


HOSTILE = ["", "\0\0\0", "NaN", "1e309", "-999999999", "9" * 4000, "\x1b[31mred", "٣٣", "0x10", "12 34"]


@pytest.mark.parametrize("content", HOSTILE)
@pytest.mark.parametrize("tree", [trees.raspberry_pi, trees.orin_nano, trees.xavier_nx])
def test_files_that_hold_anything(tmp_path: Path, tree: object, content: str) -> None:
    assert callable(tree)
    for path in [p for p in tree(tmp_path).rglob("*") if p.is_file()]:
        path.write_bytes(content.encode() + b"\xff\xfe")
    there = Telemetry(tmp_path, search_path="")
    reading = there.read()
    assert there.problems == {}
    assert reading.temperature_c is None
    assert reading.power_mw is None
    assert reading.throttled in (None, ())


@pytest.mark.parametrize("tree", [trees.raspberry_pi, trees.orin_nano, trees.xavier_nx])
def test_folders_pipes_loops_and_gigabytes_in_place_of_files(tmp_path: Path, tree: object) -> None:
    assert callable(tree)
    for n, path in enumerate([p for p in sorted(tree(tmp_path).rglob("*")) if p.is_file()]):
        path.unlink()
        if n % 5 == 0:
            path.mkdir()
        elif n % 5 == 1:
            os.mkfifo(path)
        elif n % 5 == 2:
            path.symlink_to(path)
        elif n % 5 == 3:
            path.symlink_to("/dev/zero")
        else:
            with path.open("wb") as file:
                file.truncate(1 << 40)
    began_s = time.monotonic()
    there = Telemetry(tmp_path, search_path="")
    assert there.read() in (Reading(), Reading(source="kernel"))
    assert there.problems == {}
    assert time.monotonic() - began_s < 2.0


def test_a_folder_of_very_many_sensors_is_looked_at_in_part(tmp_path: Path) -> None:
    for n in range(600):
        trees.plant(tmp_path, {f"sys/class/thermal/thermal_zone{n}/temp": 40_000 + n})
    reading = kernel.read(tmp_path)
    assert reading is not None
    assert len(reading.temperatures_c) == 256
    assert reading.temperature_c == 40.255


def test_an_energy_meter_gives_power_between_looks(tmp_path: Path) -> None:
    meter_file = tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj"
    trees.plant(tmp_path, {str(meter_file.relative_to(tmp_path)): 10_000_000})
    meter = EnergyMeter(tmp_path)
    first = meter.read()
    assert first is not None
    assert first.power_mw == 0
    meter_file.write_text("10000500\n")
    second = meter.read()
    assert second is not None
    assert second.power_mw is not None
    assert second.power_mw > 0
    meter_file.write_text("3\n")
    assert meter.read() is None


class Service:
    """The running service of jetson-stats on a folder."""

    def __init__(self, root: Path) -> None:
        self.socket = root / "run" / "jtop.sock"
        with (root / "service.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.telemetry.jetson_service", str(root)],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline_s = time.monotonic() + SERVICE_START_S
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError((root / "service.log").read_text())
            time.sleep(0.02)

    def close(self) -> None:
        """End it with all its processes, even while they are stopped."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A Jetson Orin Nano whose jtop service runs: the real service, on a folder."""
    import jtop.service

    # Unix sockets have short names.
    root = trees.jtop_board(tmp_path)
    service = Service(root)
    monkeypatch.setattr(jtop.service, "JTOP_PIPE", str(service.socket))
    try:
        yield SimpleNamespace(root=root, service=service)
    finally:
        service.close()


def test_jtop_on_a_jetson(board: SimpleNamespace) -> None:
    there = Telemetry(board.root, search_path="")
    reading = there.read()
    there.close()
    assert there.problems == {}
    assert reading.source == JTOP
    assert reading.power_mw == 4589
    assert reading.rails_mw == {"VDD_CPU_GPU_CV": 1207, "VDD_SOC": 1607}
    assert reading.gpu_percent == 43.7
    assert reading.gpu_mhz == 612
    assert reading.emc_mhz == 2133
    assert (reading.cpu_mhz, reading.cpu_max_mhz) == (1036, 1510)
    assert reading.cpu_percent is not None
    assert len(reading.cpu_percent) == 4
    assert reading.power_mode is None  # its testing mode has no nvpmodel
    assert reading.temperatures_c == {"cpu": 48.562}
    assert reading.governor == "schedutil"
    assert reading.ram_total_mb is not None


@pytest.mark.parametrize(
    ("board", "told"),
    [
        (
            {
                "nvpmodel": SimpleNamespace(name="MAXN"),
                "jetson_clocks": SimpleNamespace(get_enable=lambda: True),
            },
            ("MAXN", True),
        ),
        ({"nvpmodel": None, "jetson_clocks": None}, (None, None)),
        (
            {"nvpmodel": SimpleNamespace(name=7), "jetson_clocks": SimpleNamespace(get_enable=lambda: "yes")},
            (None, None),
        ),
        ({"nvpmodel": SimpleNamespace(name="N" * 999)}, ("N" * 64, None)),
    ],
)
def test_what_jtop_says_of_modes(board: dict[str, object], told: tuple[str | None, bool | None]) -> None:
    """The objects that a board's client has: jetson-stats' testing mode runs neither program."""
    reading = jtop_reading(SimpleNamespace(**board))
    assert (reading.power_mode, reading.clocks_held) == told


def test_what_jtop_says_of_cores_that_are_off_or_foreign() -> None:
    cores = [{"online": True, "idle": 70.4}, {"online": False, "idle": 0.0}, {"online": True}, 5]
    assert jtop_reading(SimpleNamespace(cpu={"cpu": cores})).cpu_percent == (30, None, None, None)


def test_a_stopped_jtop_service_holds_nobody_up(board: SimpleNamespace) -> None:
    os.killpg(board.service.process.pid, signal.SIGSTOP)
    threads_before = set(threading.enumerate())
    there = Telemetry(trees.raspberry_pi(board.root), search_path="")
    began_s = time.monotonic()
    assert there.read().source == "raspberry-pi+kernel"
    first_s, began_s = time.monotonic() - began_s, time.monotonic()
    assert there.read().source == "raspberry-pi+kernel"
    assert first_s < 4.0
    assert time.monotonic() - began_s < 0.5
    begun = set(threading.enumerate()) - threads_before
    assert [thread.name for thread in begun] == ["jtop"]
    there.close()


def test_a_jtop_that_cannot_be_reached_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jtop", None)
    trees.plant(tmp_path, {"run/jtop.sock": "no socket"})
    there = Telemetry(tmp_path, search_path="")
    assert there.read() == Reading()
    assert "ModuleNotFoundError" in there.problems["jtop"] or "ImportError" in there.problems["jtop"]


def test_jtop_is_not_even_imported_without_its_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jtop", None)
    session = JtopSession(tmp_path)
    assert session.latest(5.0) is None
    assert session.problem is None
