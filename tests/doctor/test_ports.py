"""Serial ports: what they are, who holds them, who may open them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mandible.device.doctor import FAIL, OK, WARN, inventory, ports
from mandible.device.doctor.holders import holders, is_running
from mandible.errors import DeviceError
from tests.telemetry.trees import plant

UNO: dict[str, object] = {
    "port": "/dev/ttyACM0",
    "url": "serial:///dev/ttyACM0",
    "usb": "2341:0043:8543",
    "description": "Arduino Uno",
}
PLAIN: dict[str, object] = {
    "port": "/dev/ttyS0",
    "url": "serial:///dev/ttyS0",
    "usb": None,
    "description": None,
}


@pytest.fixture
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The serial ports there are; a test fills the list."""
    found: list[dict[str, object]] = []
    monkeypatch.setattr(inventory, "serial_ports", lambda: found)
    return found


@pytest.fixture
def open_port() -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A terminal device, and a process of its own that holds it."""
    ours, theirs = pty.openpty()
    path = os.ttyname(theirs)
    program = "import sys; f = open(sys.argv[1], 'rb'); print(flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        yield Path(path), holder
    finally:
        holder.kill()
        holder.communicate()
        os.close(ours)
        os.close(theirs)


def test_no_ports(plugged_in: list[dict[str, object]]) -> None:
    (check,) = ports.serial_ports()
    assert check.result == OK
    assert "virtual:" in check.finding


def test_each_board_with_its_identity(plugged_in: list[dict[str, object]], tmp_path: Path) -> None:
    plugged_in += [UNO, PLAIN]
    built_in, board = ports.serial_ports(tmp_path)
    assert built_in.finding == "/dev/ttyS0"
    assert (board.name, board.result) == ("port /dev/ttyACM0", OK)
    assert board.finding == "USB 2341:0043:8543, Arduino Uno, free"


def test_a_port_that_somebody_holds(
    plugged_in: list[dict[str, object]], open_port: tuple[Path, subprocess.Popen[bytes]]
) -> None:
    path, holder = open_port
    plugged_in.append({**UNO, "port": str(path)})
    check = next(check for check in ports.serial_ports() if check.name == f"port {path}")
    assert check.result == WARN
    assert f"({holder.pid})" in check.finding
    assert check.remedy == f"close it: kill {holder.pid}"


def test_a_port_held_by_the_service_is_told_as_such(
    plugged_in: list[dict[str, object]], tmp_path: Path
) -> None:
    plugged_in.append(UNO)
    plant(tmp_path, {"71/comm": "mandible", "9x/comm": "no process", "72/comm": "ModemManager"})
    (tmp_path / "71/fd").mkdir()
    (tmp_path / "71/fd/5").symlink_to("/dev/ttyACM0")
    (tmp_path / "71/fd/6").symlink_to("/dev/null")
    board, modem_manager = ports.serial_ports(tmp_path)
    assert "held by mandible (71)" in board.finding
    assert "systemctl stop mandible" in board.remedy
    assert (modem_manager.name, modem_manager.result) == ("ModemManager", WARN)


def test_processes_that_may_not_be_looked_into(tmp_path: Path) -> None:
    plant(tmp_path, {"1/comm": "init", "2/fd": "a file, no folder", "3/comm": "\x1b[2J"})
    (tmp_path / "3/fd").mkdir()
    (tmp_path / "3/fd/0").symlink_to("/dev/ttyACM0")
    (tmp_path / "4").symlink_to("4")
    assert holders([Path("/dev/ttyACM0")], tmp_path) == {Path("/dev/ttyACM0"): [(3, "unknown")]}
    assert holders([Path("/dev/ttyACM0")], tmp_path / "nothing") == {}
    assert is_running("init", tmp_path)
    assert not is_running("ModemManager", tmp_path)


def test_ports_that_cannot_be_listed_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise DeviceError("serial ports need pyserial, which is not installed: pip install pyserial")

    monkeypatch.setattr(inventory, "serial_ports", missing)
    (listed,) = ports.serial_ports()
    (judged,) = ports.dialout_group()
    assert listed.result == FAIL
    assert judged.result == WARN
    assert "pip install pyserial" in judged.finding


def test_the_ports_listed_are_the_ports_judged(
    plugged_in: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged_in.append({**PLAIN, "port": "/dev/ttyS9"})
    monkeypatch.setattr(os, "access", lambda *_: False)
    (check,) = ports.dialout_group()
    assert check.finding.startswith("you may not open /dev/ttyS9")


def test_a_device_file_one_may_not_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    node = tmp_path / "ttyACM0"
    node.touch()
    assert ports.group("dialout", "serial ports", [node]).result == OK
    assert ports.group("dialout", "serial ports", []).result == OK
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(ports, "_group_of", lambda _: "uucp")
    check = ports.group("dialout", "serial ports", [node])
    assert check.result == WARN
    assert "usermod -a -G uucp" in check.remedy
    monkeypatch.setattr(ports, "_group_of", lambda _: "root")
    check = ports.group("dialout", "serial ports", [node])
    assert "/etc/udev/rules.d/" in check.remedy
    assert 'GROUP="dialout"' in check.remedy
    assert "usermod -a -G audio" in ports.group("audio", "sound cards", [node]).remedy


def test_a_group_joined_after_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    node = tmp_path / "ttyACM0"
    node.touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(ports, "_group_of", lambda _: "dialout")
    monkeypatch.setattr(ports, "_is_member", lambda name: name == "dialout")
    check = ports.group("dialout", "serial ports", [node])
    assert "this session began before" in check.finding
    assert "log out and in again" in check.remedy
