"""Where a package that mandible needs is missing, every verb says so in one line, and doctor goes on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mandible.cli import devices, main
from mandible.errors import DeviceError
from mandible.runtime_packages import PACKAGES, broken_package, remedy
from tests.cli.command import SAMPLE, complaint

LIMIT_S = 60


def without(module: str, *words: object) -> subprocess.CompletedProcess[bytes]:
    """Run a verb where a package cannot be imported."""
    program = (
        f"import sys; sys.modules[{module!r}] = None; from mandible.cli.main import main;"
        "sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], capture_output=True, timeout=LIMIT_S
    )


@pytest.mark.parametrize(("module", "package"), PACKAGES.items())
def test_a_run_says_what_to_install(module: str, package: str) -> None:
    if package == "tomli":
        words: tuple[object, ...] = ("rig", "check", "skull")
    else:
        words = ("run", "--source", SAMPLE, "--port", "virtual:", "-o", "-")
    line = complaint(without(module, *words), 3)
    assert line == f"mandible: {package} is not installed, or does not load: pip install {package}"


@pytest.mark.parametrize("module", PACKAGES)
def test_doctor_finds_each(module: str) -> None:
    done = without(module, "doctor", "--quick", "--json")
    assert (done.returncode, done.stderr) == (1, b"")
    failed = [check for check in json.loads(done.stdout)["checks"] if check["result"] == "fail"]
    assert failed[0]["name"] == PACKAGES[module]
    # Nothing else mends what only waits for it.
    assert {check["remedy"] for check in failed} == {f"pip install {PACKAGES[module]}"}


def test_doctor_speaks_without_rich() -> None:
    done = without("rich", "doctor", "--quick")
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"fail rich: " in done.stdout
    assert b"\n       mend it: pip install rich\n" in done.stdout


def test_the_cause_is_found_behind_a_compiled_module() -> None:
    outer = ImportError("multiarray failed to import")
    outer.__cause__ = ImportError("x", name="numpy._core.multiarray")
    assert broken_package(outer) == "numpy"
    assert remedy("numpy", outer) == "pip install --force-reinstall numpy"
    assert broken_package(ImportError("x", name="mandible.device.frontend._logmel")) is None
    assert broken_package(ValueError("numpy")) is None
    outer.__cause__.__cause__ = outer
    assert broken_package(outer) == "numpy"


def test_what_microphones_and_loudspeakers_both_miss_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    assert main.main(["devices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("microphones and loudspeakers need PyAudio, which is not installed: ")
    assert lines[1].startswith("serial ports")


def test_no_sound_sends_to_doctor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> list[dict[str, object]]:
        raise DeviceError("no loudspeaker: the sound system does not start")

    monkeypatch.setattr(devices, "microphones", list)
    monkeypatch.setattr(devices, "loudspeakers", broken)
    monkeypatch.setattr(devices, "serial_ports", list)
    assert main.main(["devices"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "microphones: none (mandible doctor looks for the reason)",
        "loudspeakers: no loudspeaker: the sound system does not start",
        "serial ports: none",
    ]
