"""Devices: a board's figures are measured on that board, or marked as what they are."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from mandible.benchmarks.devices import ROOT, device, kind_of
from mandible.cli.main import main
from mandible.errors import DeviceError, InputError
from tests.telemetry.trees import plant

BOARDS = {
    "jetson": {"proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit"},
    "rpi": {"proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4"},
}


@pytest.mark.parametrize("kind", BOARDS)
def test_a_folder_that_looks_like_a_board_stands_for_one_and_its_figures_are_simulated(
    kind: str, tmp_path: Path
) -> None:
    found = device("auto", plant(tmp_path, dict(BOARDS[kind])))
    assert found.kind == kind
    assert found.simulated
    assert device(kind, tmp_path) == found


@pytest.mark.parametrize("kind", BOARDS)
def test_a_board_is_refused_elsewhere_in_one_line_with_exit_3(
    kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert main(["benchmark", "--device", kind]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"--device {kind}: this is a" in err


def test_one_board_is_not_the_other(tmp_path: Path) -> None:
    plant(tmp_path, dict(BOARDS["rpi"]))
    with pytest.raises(DeviceError, match=r"this is Raspberry Pi 4 .*not a Jetson"):
        device("jetson", tmp_path)


def test_a_root_that_leads_to_this_computer_is_no_simulation(tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to("/")
    assert device("host", tmp_path / "here").root == ROOT
    assert not device("host", tmp_path / "here").simulated


def test_a_root_has_to_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--root .*: no such folder"):
        device("host", tmp_path / "none")


def test_microcontrollers_are_simulators_anyway_and_need_no_board() -> None:
    assert not device("mcu").simulated


def test_an_ordinary_computer_is_a_host(tmp_path: Path) -> None:
    assert kind_of(tmp_path) == "host"
