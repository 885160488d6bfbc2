"""``mandible service`` means the puppet that was named, and says what a person who erred is to type."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mandible.cli.service import next_commands
from mandible.device.daemon.control_socket import ControlSocket
from mandible.device.daemon.controls import Answer
from mandible.device.daemon.systemd import Systemd
from mandible.own_command import own_command
from tests.cli.command import complaint
from tests.daemon.machine import Machine
from tests.daemon.standing import snapshot


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_name_never_means_another_puppet(machine: Machine) -> None:
    """A line that was started by hand has the usual place, and no name but the usual one."""
    stopped: list[str] = []

    def stop(answer: Answer) -> None:
        stopped.append("a puppet")
        answer(None)

    with ControlSocket(machine.folder / "run" / "mandible" / "control.sock", snapshot, {"stop": stop}):
        line = complaint(machine.service("stop", "--name", "owl"), 3)
        assert stopped == []
        assert machine.service("stop").returncode == 0
        assert stopped == ["a puppet"]
    assert f"no service called owl runs (looked in {machine.folder}/run/owl and /run/owl)" in line
    assert "mandible service install --name owl -- " in line


def test_a_named_puppet_is_found(machine: Machine) -> None:
    with ControlSocket(machine.folder / "run" / "owl" / "control.sock", snapshot, {}):
        done = machine.service("status", "--name", "owl")
    assert b"the microphone: listening" in done.stdout


def test_run_options_are_told_where_they_belong(machine: Machine) -> None:
    line = complaint(machine.service("install", "--user", "--name", "owl", "--rig", "my rig.toml"), 2)
    wanted = "service knows no --rig; put what is for run after --: "
    assert line.endswith(wanted + "mandible service install --user --name owl -- --rig 'my rig.toml'")
    line = complaint(machine.service("install", "--source", "mic", "--", "--rig", "skull"), 2)
    assert line.endswith("mandible service install -- --source mic --rig skull")
    line = complaint(machine.service("mute", "--rig", "skull"), 2)
    assert "mute takes no run options; leave out --rig" in line
    assert not machine.unit.exists()


def test_a_dry_run_for_programs_is_json(machine: Machine) -> None:
    words = ("install", "--user", "--dry-run")
    text = machine.service(*words, "--", "--rig", "skull").stdout.decode()
    told = json.loads(machine.service(*words, "--json", "--", "--rig", "skull").stdout)
    assert told == {"unit": str(machine.unit), "text": text}
    assert not machine.unit.exists()


def test_status_says_that_systemd_does_not_run(machine: Machine) -> None:
    machine.systemd(runs=1)
    told = machine.service("status", "--user", "--json")
    assert told.returncode == 1
    assert "systemd does not manage your session now" in json.loads(told.stdout)["problems"][0]


def test_the_logs_of_no_service_are_not_waited_for(machine: Machine) -> None:
    machine.systemd(load="not-found")
    line = complaint(machine.service("logs", "--user", "--follow", "--name", "owl"), 3)
    assert "your session has no service called owl" in line
    assert "mandible service install --user --name owl -- " in line
    machine.systemd(runs=1)
    line = complaint(machine.service("logs", "--user", "--follow"), 3)
    assert "systemd does not manage your session now" in line
    assert not any(told.startswith("journalctl") for told in machine.told())


def test_a_board_without_a_name_has_one_colon(machine: Machine) -> None:
    with ControlSocket(machine.folder / "run" / "mandible" / "control.sock", snapshot, {}):
        done = machine.service("status")
    assert b"virtual: moving" in done.stdout


def test_the_next_commands_can_be_pasted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "argv", ["pytest"])
    beside = Path(sys.executable).with_name("mandible")
    *_, last = next_commands(Systemd(False, tmp_path), "owl")
    assert last == f"sudo {beside} service status --name owl"
    monkeypatch.setenv("PATH", str(beside.parent))
    *_, last = next_commands(Systemd(True, tmp_path), "mandible")
    assert last == "mandible service status --user"


def test_sudo_gets_a_path_that_it_can_find(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "a folder" / "mandible"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", "/usr/bin")
    assert own_command(sudo=True) == f"sudo '{program}'"
    assert own_command() == f"'{program}'"
    monkeypatch.setenv("PATH", str(program.parent))
    assert own_command() == "mandible"
    assert own_command(sudo=True) == f"sudo '{program}'"
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "pytest")])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    assert own_command(sudo=True) == f"sudo {tmp_path}/python3 -m mandible.cli.main"
