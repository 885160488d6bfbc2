"""Starting a virtual board: it runs the firmware, whatever lies in the folder one happens to be in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mandible.errors import DeviceError
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.ports import open_port
from mandible.firmware_bridge.virtual_process import VirtualProcess


def test_python_files_of_the_current_folder_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tty", "argparse", "mandible"):
        (tmp_path / f"{name}.py").write_text(f"open('{name} was run', 'w')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    open_port(parse_port_url("virtual:")).close()
    assert list(tmp_path.glob("*was run")) == []


def test_a_python_that_does_not_know_of_mandible_still_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # The one that the virtual environment was made from.
    monkeypatch.setattr(sys, "executable", sys._base_executable)  # type: ignore[attr-defined]
    monkeypatch.delenv("PYTHONPATH", raising=False)
    board = VirtualProcess()
    assert board.path.startswith("/dev/")
    board.end()


def test_a_board_that_does_not_start_says_so_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="the virtual board did not start"):
        VirtualProcess("--pulses", str(tmp_path / "missing" / "pulses.csv"))


def test_a_reason_that_begins_with_a_path_is_no_terminal() -> None:
    with pytest.raises(DeviceError, match=r"^/dev/null: not a serial port") as raised:
        open_port(parse_port_url("maestro:///dev/null"))
    assert "no such port" not in str(raised.value)
