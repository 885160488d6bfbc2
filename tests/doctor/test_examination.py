"""The whole examination on computers that are only folders, and on folders that are no computer."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mandible.device.doctor import OK, WARN, Check, examine, sound
from mandible.device.doctor.child import Child
from mandible.device.doctor.sound_server import SoundServer
from tests.telemetry import trees

FROM_FOLDERS = ("telemetry", "throttling", "temperature", "clock governor", "service", "limits")


def examined(root: Path) -> dict[str, Check]:
    """The findings that come from the folder."""
    return {check.name: check for check in examine(quick=True, root=root) if check.name in FROM_FOLDERS}


def test_a_raspberry_pi_with_a_weak_power_supply(tmp_path: Path) -> None:
    checks = examined(trees.raspberry_pi(tmp_path, throttled="10001"))
    assert checks["telemetry"].finding == "51 °C, CPU 700 of 1800 MHz (from raspberry-pi+kernel)"
    assert checks["throttling"].result == WARN
    assert "power supply" in checks["throttling"].remedy
    assert checks["clock governor"].result == WARN
    assert "scaling_governor" in checks["clock governor"].remedy
    assert checks["temperature"].result == OK


def test_a_jetson(tmp_path: Path) -> None:
    checks = examined(trees.orin_nano(tmp_path))
    told = "50 °C, 4.6 W, CPU 729 of 1510 MHz, GPU 44 % (from kernel)"
    assert checks["telemetry"].finding == told
    assert checks["clock governor"].finding == "schedutil (tegra194)"


def test_a_computer_that_tells_nothing(tmp_path: Path) -> None:
    checks = examined(tmp_path)
    assert checks["telemetry"].finding.startswith("no jtop, no tegrastats, no Raspberry Pi firmware")
    # Whoever runs the tests may have set limits.
    assert {check.result for name, check in checks.items() if name != "limits"} == {OK}
    assert "temperature" not in checks


def pipes(path: Path) -> None:
    os.mkfifo(path)


def folders(path: Path) -> None:
    path.mkdir()


def zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def noise(path: Path) -> None:
    path.write_bytes(os.urandom(100_000))


def unreadable(path: Path) -> None:
    path.write_bytes(b"1")
    path.chmod(0)


def endless(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize("make", [pipes, folders, zeros, noise, unreadable, endless])
def test_hostile_folders(tmp_path: Path, make: object) -> None:
    assert callable(make)
    for path in [p for p in trees.raspberry_pi(trees.orin_nano(tmp_path)).rglob("*") if p.is_file()]:
        path.unlink()
        make(path)
    began_s = time.monotonic()
    checks = examined(tmp_path)
    assert time.monotonic() - began_s < 10
    assert set(FROM_FOLDERS) - set(checks) <= {"temperature"}
    assert all("itself failed" not in check.finding for check in checks.values())
    assert all(check.finding.isprintable() for check in checks.values())


def child_that(tmp_path: Path, program: str, limit_s: float = 20.0) -> Child:
    """A child that runs this program."""
    (tmp_path / "strange_child.py").write_text(program)
    return Child("strange_child", limit_s=limit_s)


@pytest.mark.parametrize(
    ("program", "told", "finished"),
    [
        ("", [], False),
        ("raise SystemExit(3)", [], False),
        ("import os; os.abort()", [], False),
        ("print('[1]'); print('{'); print('x' * 1000); print('{\"a\": 1}')", [{"a": 1}], False),
        (
            "from mandible.device.doctor.child import run_child\n"
            "def tell():\n    print('a library talks')\n    yield {'a': 1}\n"
            "run_child(tell)",
            [{"a": 1}],
            True,
        ),
        (
            "from mandible.device.doctor.child import run_child\n"
            "def tell():\n    yield {'a': 1}\n    raise OSError\n"
            "run_child(tell)",
            [{"a": 1}],
            False,
        ),
    ],
)
def test_what_a_child_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, told: list[object], finished: bool
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    assert child_that(tmp_path, program).told() == (told, finished)


def test_a_child_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    program = "import time; print('{\"inputs\": []}', flush=True); time.sleep(1000)"
    began_s = time.monotonic()
    child = child_that(tmp_path, program, limit_s=3.0)
    microphone, given_up = sound.microphones(child, sound_server())
    assert time.monotonic() - began_s < 10.0
    assert microphone.finding == "PyAudio works, but there is no input"
    assert "did not answer" in given_up.finding


def sound_server() -> SoundServer:
    """No sound server."""
    return SoundServer(None, None, "", "alsa")
