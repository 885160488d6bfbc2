"""``mandible service``: installs, asks and removes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mandible.device.daemon.control_socket import ControlSocket
from mandible.device.daemon.controls import Answer
from tests.cli.command import complaint
from tests.daemon.machine import Machine
from tests.daemon.standing import snapshot


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_service_of_the_session_is_installed_and_started(machine: Machine) -> None:
    done = machine.service("install", "--user", "--", "--rig", "skull", "--port", "virtual:")
    assert done.returncode == 0, done.stderr
    text = machine.unit.read_text()
    assert "run --service --rig skull --port virtual:" in text
    assert f"WorkingDirectory=-{machine.folder}" in text
    assert machine.told() == [
        "systemctl --user daemon-reload",
        "systemctl --user enable mandible.service",
        "systemctl --user restart mandible.service",
    ]
    assert f"wrote {machine.unit}" in done.stdout.decode()
    assert "next: loginctl enable-linger" in done.stdout.decode()
    assert list(machine.unit.parent.iterdir()) == [machine.unit]


def test_installing_twice_changes_nothing_and_interrupts_nobody(machine: Machine) -> None:
    machine.service("install", "--user", "--", "--rig", "skull")
    machine.systemd(state="active")
    machine.told()
    before = machine.unit.stat().st_mtime_ns
    done = machine.service("install", "--user", "--json", "--", "--rig", "skull")
    assert json.loads(done.stdout)["changed"] is False
    assert machine.unit.stat().st_mtime_ns == before
    assert not any("restart" in line for line in machine.told())


def test_other_options_replace_the_unit_and_restart(machine: Machine) -> None:
    machine.service("install", "--user", "--", "--rig", "skull")
    machine.systemd(state="active")
    machine.told()
    machine.service("install", "--user", "--", "--rig", "parrot")
    assert "--rig parrot" in machine.unit.read_text()
    assert "systemctl --user restart mandible.service" in machine.told()


def test_where_systemd_does_not_run_the_next_commands_are_named(machine: Machine) -> None:
    machine.systemd(runs=1)
    done = machine.service("install", "--user", "--", "--rig", "skull")
    assert done.returncode == 0
    assert machine.told() == []
    text = done.stdout.decode()
    assert "next: systemctl --user daemon-reload" in text
    assert "next: systemctl --user enable --now mandible" in text
    assert machine.unit.exists()


def test_a_dry_run_shows_the_unit_and_touches_nothing(machine: Machine) -> None:
    done = machine.service("install", "--user", "--dry-run", "--", "--rig", "skull")
    assert b"Type=notify" in done.stdout
    assert not machine.unit.exists()
    assert machine.told() == []


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--rig", "no-such"), "no shipped rig has that name"),
        (("--rig", "skull", "--metrics", "here"), "--metrics here: give an address"),
        (("--source", "-"), "a service has no standard input"),
        (("--model", "no-such"), "no-such"),
        (("--gain", "loud"), "--gain loud: give auto, off"),
        (("--speaker-delay", "x"), "--speaker-delay x: give auto"),
        (("--duration", "nan"), "--duration nan: give a positive number"),
        (("--port", "none:such"), "--port none:such: this form is not known"),
        (("--record", "-"), "a recording needs a file"),
        (("--format", "no-such"), "no-such"),
        (("--source", "no-such.wav"), "no-such.wav"),
        (("--source", "tcp:here"), "tcp:here"),
    ],
)
def test_options_are_checked_before_anything_is_written(
    machine: Machine, options: tuple[str, ...], wanted: str
) -> None:
    assert wanted in complaint(machine.service("install", "--user", "--", *options), 2)
    assert not machine.unit.exists()


def test_an_option_that_run_does_not_know_is_refused_by_its_parser(machine: Machine) -> None:
    line = complaint(machine.service("install", "--user", "--", "--rgi", "skull"), 2)
    assert "unrecognized arguments: --rgi skull; mandible run --help" in line
    assert not machine.unit.exists()


def test_a_unit_of_somebody_else_is_left_alone(machine: Machine) -> None:
    machine.unit.parent.mkdir(parents=True)
    machine.unit.write_text("[Service]\nExecStart=/bin/true\n")
    for words in (("install", "--user", "--", "--rig", "skull"), ("uninstall", "--user")):
        assert "was not written by mandible" in complaint(machine.service(*words), 2)
    assert "ExecStart=/bin/true" in machine.unit.read_text()


def test_what_systemd_refuses_is_said_in_its_words(machine: Machine) -> None:
    machine.systemd(failing="enable")
    line = complaint(machine.service("install", "--user", "--", "--rig", "skull"), 3)
    assert "systemctl --user enable mandible.service failed: Access denied" in line


@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_without_systemd_the_remedy_is_named(machine: Machine, action: str) -> None:
    machine.without_systemd()
    options = ("--", "--rig", "skull") if action == "install" else ()
    line = complaint(machine.service(action, "--user", *options), 3)
    assert "there is no systemd on this machine" in line
    assert "mandible run --service" in line


def test_uninstalling_stops_and_removes_and_is_harmless_twice(machine: Machine) -> None:
    machine.service("install", "--user", "--", "--rig", "skull")
    machine.told()
    done = machine.service("uninstall", "--user")
    assert done.returncode == 0
    assert machine.told() == [
        "systemctl --user disable --now mandible.service",
        "systemctl --user daemon-reload",
    ]
    assert not machine.unit.exists()
    again = machine.service("uninstall", "--user")
    assert again.returncode == 0
    assert b"not installed" in again.stdout


def test_status_shows_systemd_and_the_line_itself(machine: Machine) -> None:
    machine.systemd(state="active")
    with ControlSocket(machine.folder / "run" / "mandible" / "control.sock", snapshot, {}):
        done = machine.service("status", "--user")
        told = json.loads(machine.service("status", "--user", "--json").stdout)
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    for wanted in (
        "active (running) pid 77 restarted 2 times",
        "the microphone: listening",
        "42, 3 dropped",
        "moving",
    ):
        assert wanted in text
    assert told["line"]["hops"] == 42
    assert told["systemd"]["ActiveState"] == "active"


def test_status_without_anything_running_is_a_failed_check(machine: Machine) -> None:
    done = machine.service("status", "--user")
    assert done.returncode == 1
    assert b"nothing runs that could be asked" in done.stdout
    machine.without_systemd()
    again = machine.service("status", "--user")
    assert again.returncode == 1
    assert b"no systemd" in again.stdout


def test_logs_are_the_journals(machine: Machine) -> None:
    assert machine.service("logs", "--user", "-n", "5", "--follow").returncode == 0
    assert machine.told() == ["journalctl --user-unit mandible.service --lines 5 --no-pager --follow"]
    assert machine.service("logs", "--name", "parrot").returncode == 0
    assert machine.told() == ["journalctl --unit parrot.service --lines 100 --no-pager"]
    machine.without_systemd()
    assert "no journalctl" in complaint(machine.service("logs"), 3)


def test_a_wish_reaches_the_line_and_its_refusal_comes_back(machine: Machine) -> None:
    seen: list[str] = []

    def mute(answer: Answer) -> None:
        seen.append("mute")
        answer(None)

    def refuse(answer: Answer) -> None:
        answer("rig.toml:3: [poses] aa: unknown key")

    place = machine.folder / "elsewhere" / "x.sock"
    with ControlSocket(place, snapshot, {"mute": mute, "reload": refuse}):
        done = machine.service("mute", "--control", place)
        assert (done.returncode, done.stdout) == (0, b"mute: done\n")
        assert seen == ["mute"]
        refused = machine.service("reload", "--control", place)
        assert "rig.toml:3: [poses] aa: unknown key" in complaint(refused, 2)
    assert "mandible run --service" in complaint(machine.service("mute"), 3)


def test_run_options_belong_to_install_alone(machine: Machine) -> None:
    assert "takes no run options" in complaint(machine.service("status", "--", "--rig", "skull"), 2)
