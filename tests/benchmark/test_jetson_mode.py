"""How a Jetson says that it is set up: real output, and programs that hang, babble or fail."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mandible.benchmarks.jetson import tools
from mandible.benchmarks.jetson.mode import (
    Mode,
    held_as_shown,
    held_by_kernel,
    mode,
    named,
    release,
)
from mandible.device.telemetry import Reading
from tests.benchmark.jetson_tree import CLOCKS, CLOCKS_HELD, RELEASE, board, program
from tests.telemetry import trees

VERBOSE = """\
NVPM VERB: Config file: /etc/nvpmodel.conf
NVPM VERB: parsing done for /etc/nvpmodel.conf
NVPM VERB: Current mode: NV Power Mode: 25W
1
NVPM VERB: PARAM CPU_ONLINE: ARG CORE_0: PATH /sys/devices/system/cpu/cpu0/online: REAL_VAL: 1 CONF_VAL: 1
"""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("NV Power Mode: 25W\n1\n", ("25W", 1)),
        ("NV Power Mode: MAXN\n0\n", ("MAXN", 0)),
        ("NV Fan Mode:quiet\nNV Power Mode: MODE_15W_6CORE\n2\n", ("MODE_15W_6CORE", 2)),
        ("NVPM WARN: fan mode is not set!\nNV Power Mode: MAXN_SUPER\n2\n", ("MAXN_SUPER", 2)),
        (VERBOSE, ("25W", 1)),
        ("NV Power Mode: 15W\n", ("15W", None)),
        ("NV Power Mode: 15W\nsegmentation fault\n", ("15W", None)),
        ("", (None, None)),
        ("NVPM ERROR: failed to read power mode\n", (None, None)),
        ("NV Power Mode: \n1\n", (None, None)),
        ("\x1b[31mNV Power Mode: \x00\n9\n", (None, None)),
    ],
)
def test_nvpmodel_is_understood(said: str, told: tuple[str | None, int | None]) -> None:
    assert named(said) == told


@pytest.mark.parametrize(
    ("said", "held"),
    [
        (CLOCKS, False),
        (CLOCKS_HELD, True),
        (CLOCKS_HELD + CLOCKS, False),
        ("Error: Run this script(jetson_clocks) as a root user\n", None),
        ("cpu0: Online=1 MinFreq=x MaxFreq=y\n", None),
        ("", None),
    ],
)
def test_jetson_clocks_is_understood(said: str, held: bool | None) -> None:
    assert held_as_shown(said) is held


def test_the_kernels_limits_say_it_too(tmp_path: Path) -> None:
    assert held_by_kernel(tmp_path) is None
    cores = "sys/devices/system/cpu/cpu{}/cpufreq/scaling_{}_freq"
    trees.plant(tmp_path, {cores.format(n, end): 1510400 for n in (0, 1) for end in ("min", "max")})
    assert held_by_kernel(tmp_path) is True
    gpu = "sys/class/devfreq/17000000.gpu"
    trees.plant(tmp_path, {f"{gpu}/min_freq": 306000000, f"{gpu}/max_freq": 918000000})
    assert held_by_kernel(tmp_path) is False


def test_a_release_is_read() -> None:
    assert release([RELEASE]) == "36.4.3"
    assert release(["# R32 (release), REVISION: 7.1, GCID: 29818004"]) == "32.7.1"
    assert release(["", "R36"]) is None


def test_a_board_says_everything_and_jtop_goes_first(tmp_path: Path) -> None:
    root = board(tmp_path)
    assert mode(root, Reading()) == Mode("25W", 1, False, "36.4.3")
    assert mode(root, Reading(power_mode="MAXN", clocks_held=True)) == Mode("MAXN", None, True, "36.4.3")


@pytest.mark.parametrize(
    "script",
    [
        "sleep 60",
        "while :; do echo 'NVPM VERB: nothing that anybody needs'; done",
        "head -c 3000000 /dev/zero",
        "head -c 100000 /dev/urandom",
        "echo nonsense; exit 1",
        "exit 1",
        "kill -9 $$",
    ],
)
def test_programs_that_hang_babble_or_fail_cost_seconds_and_nothing_else(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "LIMIT_S", 0.2)
    root = board(tmp_path)
    program(root, "nvpmodel", script)
    program(root, "jetson_clocks", script)
    began_s = time.monotonic()
    found = mode(root, Reading())
    assert time.monotonic() - began_s < 5
    assert found == Mode(None, None, None, "36.4.3")
    assert found.conditions()["power_mode"] == "unknown"


def test_nothing_outside_a_folder_is_asked_about_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = board(tmp_path / "other")
    monkeypatch.setenv("PATH", str(other / "usr/bin"))
    assert mode(tmp_path / "empty", Reading()) == Mode(None, None, None, None)
