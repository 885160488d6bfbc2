"""``--device jetson`` on a folder: a whole report, marked at every figure, and of no use for a comparison.

TensorRT and the GPU are stand-ins (no simulator of either exists), in this process and in the one that
keeps the GPU busy; jetson-stats' service is its own, and ``tegrastats`` prints what real boards printed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mandible.benchmarks import result
from mandible.benchmarks.devices import Device
from mandible.benchmarks.jetson.state import sources
from mandible.benchmarks.jetson.watching import telemetry_of, watched
from mandible.cli.main import main
from mandible.device.engines import cuda_runtime
from mandible.errors import DeviceError
from mandible.quantize.onnx_export import gpu
from tests.benchmark.jetson_tree import board, program
from tests.telemetry import trees
from tests.telemetry.test_telemetry import Service

pytestmark = pytest.mark.filterwarnings("ignore:distro.linux_distribution:DeprecationWarning")

# jetson-stats' client waits three of its intervals for a service before it says that it went.
NOTICED_S = 15.0
STAND_IN = Path(__file__).parent / "stand_in"
STATE = """\
schema = 1
[probes.size]
devices = ["jetson", "host"]
models = ["nano"]
[probes.jetson_state]
devices = ["jetson"]
model = "nano"
rounds = 2
seconds = 0.2
every_s = 0.1
"""
WHOLE = (
    STATE
    + """\
[probes.jetson_tensorrt]
devices = ["jetson"]
models = ["nano"]
rounds = 1
hops = 20
[probes.jetson_contention]
devices = ["jetson"]
model = "nano"
load_model = "nano"
rounds = 2
seconds = 0.1
"""
)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A TensorRT that other processes find, too."""
    for target, name in ((cuda_runtime, "load"), (gpu, "first_gpu")):
        monkeypatch.setattr(target, name, getattr(target, name))
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.delitem(sys.modules, "tensorrt")
    monkeypatch.syspath_prepend(str(STAND_IN))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def words(tmp_path: Path, root: Path, suite: str) -> list[str]:
    file = tmp_path / "suite.toml"
    file.write_text(suite)
    return ["benchmark", "--device", "jetson", "--root", str(root), "--suite", str(file)]


def measured(tmp_path: Path, root: Path, suite: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main([*words(tmp_path, root, suite), "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.usefixtures("stand_in")
def test_a_folder_gives_a_whole_report_whose_figures_are_all_marked_and_never_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, file, page = board(tmp_path / "orin"), tmp_path / "fake.json", tmp_path / "fake.html"
    assert main([*words(tmp_path, root, WHOLE), "-o", str(file), "--html", str(page)]) == 0
    shown = capsys.readouterr().out
    told = json.loads(file.read_text())
    rows = told["measurements"]
    assert told["not_measured"] == {}
    assert told["simulated"] is True
    assert all(one["simulated"] for one in [*rows, *told["series"]])
    figures = {(row["probe"], row["figure"]) for row in rows}
    for figure in (
        "power_mode",
        "clocks_held",
        "cpu_mhz",
        "gpu_mhz",
        "emc_mhz",
        "gpu_percent",
        "emc_percent",
    ):
        assert ("jetson_state", figure) in figures
    for figure in ("engine_build_s", "engine_us", "cpu_s_per_audio_s", "accuracy", "macro_f1", "jaw_r"):
        of = {
            row["subject"]["precision"]
            for row in rows
            if (row["probe"], row["figure"]) == ("engines", figure)
        }
        assert of == {"int8", "fp16", "fp32"}
    contention = [row for row in rows if row["figure"] == "hop_p99_us"]
    assert {(row["subject"]["engine"], row["subject"]["gpu"]) for row in contention} == {
        (engine, state) for engine in ("tensorrt", "c") for state in ("alone", "busy")
    }
    assert contention[0]["conditions"]["power_mode"] == "25W"
    assert contention[0]["conditions"]["clocks_held"] is False
    rails = {row["subject"]["rail"]: row["value"] for row in rows if row["figure"] == "rail_mw"}
    assert rails == {"VDD_IN": 5251, "VDD_CPU_GPU_CV": 512, "VDD_SOC": 2720, "board": 5251}
    # Nothing that looks like a figure stands unmarked, in the terminal or on the page.
    assert shown.count("simulated") >= len(rows)
    html = page.read_text("utf-8")
    assert html.count("simulated") >= len(rows)
    numbers = [row for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL) if '<td class="number"' in row]
    hashes = [model["sha256"] for model in told["models"].values()]
    of_figures = [row for row in numbers if not any(one in row for one in hashes)]
    assert len(of_figures) > len(numbers) // 2
    assert all("simulated" in row for row in of_figures)
    _is_compared_with_nothing(tmp_path, file, root, capsys)


def _is_compared_with_nothing(
    tmp_path: Path, file: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = tmp_path / "real.json"
    suite = tmp_path / "size.toml"
    suite.write_text('schema = 1\n[probes.size]\ndevices = ["host"]\nmodels = ["nano"]\n')
    assert main(["benchmark", "--device", "host", "--suite", str(suite), "-o", str(real)]) == 0
    # As a Jetson with a stand-in for TensorRT would write it: the run is real, its figures are not.
    half = result.read(file)
    half.simulated = False
    disguised = tmp_path / "half.json"
    result.write(disguised, half)
    capsys.readouterr()
    for now, before in ((file, real), (real, file), (file, file), (disguised, disguised)):
        assert main(["benchmark", "--from", str(now), "--compare", str(before)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        assert "simulated" in err
    assert main([*words(tmp_path, root, STATE), "--compare", str(real)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1


def test_without_tensorrt_one_line_says_so_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    told = measured(tmp_path, board(tmp_path / "orin"), WHOLE, capsys)
    assert set(told["not_measured"]) == {"jetson_tensorrt", "jetson_contention"}
    for reason in told["not_measured"].values():
        assert "sudo apt install python3-libnvinfer" in reason
        assert "\n" not in reason
    assert {row["probe"] for row in told["measurements"]} == {"size", "jetson_state"}


def test_programs_that_stop_or_fail_leave_what_the_kernel_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = board(tmp_path / "orin")
    program(root, "tegrastats", "sleep 60")
    program(root, "nvpmodel", "exit 1")
    program(root, "jetson_clocks", "exit 1")
    told = measured(tmp_path, root, STATE.replace("rounds = 2", "rounds = 1"), capsys)
    assert list(told["not_measured"]) == ["jetson_state: power mode"]
    assert "sudo pip install jetson-stats" in told["not_measured"]["jetson_state: power mode"]
    rows = [row for row in told["measurements"] if row["probe"] == "jetson_state"]
    assert {row["conditions"]["read_from"] for row in rows} == {"kernel"}
    assert {row["value"] for row in rows if row["figure"] == "gpu_percent"} == {43.7}


def test_a_board_that_tells_nothing_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = trees.plant(tmp_path / "bare", {"proc/device-tree/model": "NVIDIA Jetson Nano Developer Kit"})
    told = measured(tmp_path, root, STATE, capsys)
    assert "neither jtop nor tegrastats nor the kernel tells" in told["not_measured"]["jetson_state"]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The service of jetson-stats on a folder that has NVIDIA's programs, too."""
    import jtop.service

    root = board(trees.jtop_board(tmp_path))
    running = Service(root)
    monkeypatch.setattr(jtop.service, "JTOP_PIPE", str(running.socket))
    try:
        yield SimpleNamespace(root=root, running=running)
    finally:
        running.close()


def test_jetson_stats_goes_before_tegrastats(
    service: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = measured(tmp_path, service.root, STATE, capsys)
    rows = [row for row in told["measurements"] if row["probe"] == "jetson_state"]
    values = {(row["figure"], *row["subject"].values()): row["value"] for row in rows}
    assert all(row["simulated"] for row in rows)
    assert values["gpu_percent", "idle"] == 43.7
    assert values["gpu_mhz", "line"] == 612
    assert values["emc_mhz", "idle"] == 2133
    assert values["cpu_mhz", "idle"] == 1036
    assert values["rail_mw", "board", "line"] == 4589
    assert values["sensor_c", "cpu", "idle"] == 48.562
    said = [row["conditions"] for row in rows if "read_from" in row["conditions"]]
    assert said
    assert all(one["read_from"].startswith("jtop") for one in said)


def test_a_service_that_dies_half_way_is_replaced_by_tegrastats(service: SimpleNamespace) -> None:
    with telemetry_of(service.root) as telemetry:
        before = watched(telemetry, 0.2, 0.1)

        def killed(_: float) -> None:
            os.killpg(service.running.process.pid, signal.SIGKILL)

        after = watched(telemetry, 0.2, 0.1, killed)
        deadline_s = time.monotonic() + NOTICED_S
        while "jtop" in sources([after[-1:]]) and time.monotonic() < deadline_s:
            after += watched(telemetry, 0.1, 0.1)
    assert sources([before]).startswith("jtop")
    assert sources([after[-1:]]).startswith("tegrastats")
    assert after[-1].power_mw == 5251


def test_what_the_work_raises_is_raised_where_it_is_watched(tmp_path: Path) -> None:
    def broken(_: float) -> None:
        raise DeviceError("the line stopped")

    with telemetry_of(board(tmp_path)) as telemetry, pytest.raises(DeviceError, match="the line stopped"):
        watched(telemetry, 0.1, 0.1, broken)


def test_a_folder_is_a_simulation_of_a_jetson(tmp_path: Path) -> None:
    assert Device("jetson", board(tmp_path)).simulated
