"""``--device rpi``: refused elsewhere, and rehearsed on a folder with every figure marked simulated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mandible.cli.main import main
from tests.benchmark.draws import zone
from tests.telemetry import trees

SUITE = """\
schema = 1
summary = "heat and energy, shortened"
[probes.size]
devices = ["rpi"]
models = ["nano"]
[probes.energy]
devices = ["rpi"]
model = "nano"
rounds = 1
idle_s = 0.3
live_s = 0.3
flat_out_s = 0.3
[probes.endurance]
devices = ["rpi"]
model = "nano"
seconds = 1
interval_s = 0.1
"""


@pytest.fixture
def suite(tmp_path: Path) -> str:
    path = tmp_path / "pi.toml"
    path.write_text(SUITE)
    return str(path)


def test_another_computer_is_refused_in_one_line(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = trees.orin_nano(tmp_path / "orin")
    assert main(["benchmark", "--device", "rpi", "--suite", suite, "--root", str(other)]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "not a Raspberry Pi" in told.err


def test_a_folder_gives_a_whole_report_whose_figures_are_all_simulated(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = trees.raspberry_pi(tmp_path / "pi", throttled="4")
    power = root / "sys/class/hwmon/hwmon2"
    trees.plant(root, {"sys/class/hwmon/hwmon2/name": "ina219"})
    trees.plant(power, {"power1_input": 3_200_000})
    words = ["benchmark", "--device", "rpi", "--root", str(root), "--suite", suite]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["device"] == "rpi"
    assert told["simulated"] is True
    assert told["not_measured"] == {}
    rows = told["measurements"]
    assert {row["probe"] for row in rows} == {"size", "energy", "endurance"}
    assert all(row["simulated"] for row in [*rows, *told["series"]])
    values = {row["figure"]: row["value"] for row in rows if row["probe"] == "endurance"}
    assert values["temperature_c"] == 51.121
    assert values["held_back_s"] > 0.5
    idle = [row["value"] for row in rows if row["figure"] == "idle_power_mw"]
    assert idle == [3200, 3200]  # the rail and the total
    assert told["machine"]["board"] == "Raspberry Pi 4 Model B Rev 1.4"


def test_a_table_of_a_folder_says_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suite: str
) -> None:
    root = trees.raspberry_pi(tmp_path / "pi")
    zone(root, "0", "package-0")
    words = ["benchmark", "--device", "auto", "--root", str(root), "--suite", suite, "--only", "size"]
    assert main(words) == 0
    assert "simulated" in capsys.readouterr().out
