"""``mandible doctor``: each check tells what is wrong and how to mend it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mandible.cli import devices, doctor
from mandible.cli.doctor import FAIL, OK, WARN, Check
from mandible.cli.main import main
from mandible.errors import DeviceError
from mandible.models import released


def all_well(*_: object) -> Check:
    return Check("anything", OK, "fine")


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine on which every check holds; a test breaks one."""
    for name in ("python", "numpy", "kernel", "engines", "model", "microphone", "serial"):
        monkeypatch.setattr(doctor, name, all_well)
    monkeypatch.setattr(doctor, "dialout_group", all_well)
    monkeypatch.setattr(doctor, "audio_group", all_well)
    return monkeypatch


def test_a_healthy_machine(healthy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11
    assert all(line.strip() == "ok anything: fine" for line in lines)


def test_a_required_part_missing_fails_and_says_how_to_mend_it(
    healthy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    healthy.setattr(doctor, "numpy", lambda: Check("numpy", FAIL, "not there", "pip install numpy"))
    assert main(["doctor"]) == 1
    assert "mend it: pip install numpy" in capsys.readouterr().out
    assert main(["doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert {"name": "numpy", "result": "fail", "finding": "not there", "remedy": "pip install numpy"} in told[
        "checks"
    ]


def test_a_warning_does_not_fail(healthy: pytest.MonkeyPatch) -> None:
    healthy.setattr(doctor, "microphone", lambda: Check("microphone", WARN, "none", "plug one in"))
    assert main(["doctor", "--json"]) == 0


def test_a_check_that_breaks_is_a_finding(
    healthy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def engines() -> Check:
        raise RuntimeError("registry in pieces")

    healthy.setattr(doctor, "engines", engines)
    assert main(["doctor"]) == 1
    assert "engines: the check itself failed: RuntimeError: registry in pieces" in capsys.readouterr().out


def test_kernels_that_do_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mandible.device.engines._tcn", None)
    check = doctor.kernel("engine kernel", "mandible.device.engines._tcn")
    assert check.result == FAIL
    assert "pip install --force-reinstall --no-deps -e ." in check.remedy
    assert doctor.kernel("json", "json").result == OK


@pytest.mark.parametrize(
    ("version", "result"), [((3, 9), FAIL), ((3, 10), OK), ((3, 13), OK), ((3, 14), FAIL)]
)
def test_python_versions(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], result: str) -> None:
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(version_info=(*version, 0)))
    assert doctor.python().result == result


@pytest.mark.parametrize(("content", "result"), [(b"model", OK), (b"mode1", FAIL)])
def test_a_model_whose_bytes_changed_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, result: str
) -> None:
    (tmp_path / "small.tflite").write_bytes(content)
    card = {"name": "small", "sha256": hashlib.sha256(b"model").hexdigest(), "lookahead_ms": 30}
    (tmp_path / "small.card.json").write_text(json.dumps(card), "utf-8")
    monkeypatch.setattr(released, "FOLDER", tmp_path)
    assert doctor.model().result == result


def microphones_that(*found: dict[str, object]) -> Callable[[], list[dict[str, object]]]:
    return lambda: list(found)


@pytest.mark.parametrize(
    ("found", "result", "told"),
    [
        ([{"source": "mic:cam", "name": "cam", "default": True}], OK, "default cam"),
        ([{"source": "mic:cam", "name": "cam", "default": False}], WARN, "no default input"),
        ([], WARN, "there is no input"),
    ],
)
def test_microphones(
    monkeypatch: pytest.MonkeyPatch, found: list[dict[str, object]], result: str, told: str
) -> None:
    monkeypatch.setattr(devices, "microphones", microphones_that(*found))
    check = doctor.microphone()
    assert check.result == result
    assert told in check.finding


def test_missing_pyaudio_is_a_warning_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> list[dict[str, object]]:
        raise DeviceError("microphones need PyAudio, which is not installed: pip install it")

    monkeypatch.setattr(devices, "microphones", missing)
    assert doctor.microphone() == Check(
        "microphone", WARN, "microphones need PyAudio, which is not installed", "pip install it"
    )


def test_a_device_file_one_may_not_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    node = tmp_path / "ttyACM0"
    node.touch()
    assert doctor.group("dialout", "serial ports", [node]).result == OK
    assert doctor.group("dialout", "serial ports", []).result == OK
    monkeypatch.setattr(os, "access", lambda *_: False)
    check = doctor.group("dialout", "serial ports", [node])
    assert check.result == WARN
    assert "usermod -a -G dialout" in check.remedy


def test_the_ports_listed_are_the_ports_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "serial_ports", lambda: [{"port": "/dev/ttyS9"}])
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert doctor.serial().finding == "/dev/ttyS9"
    assert doctor.dialout_group().finding == "you may not open /dev/ttyS9"


def test_ports_that_cannot_be_listed_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial.tools", None)
    assert doctor.serial().result == FAIL
    assert doctor.dialout_group().result == WARN
    assert "pip install pyserial" in doctor.dialout_group().finding


@pytest.mark.parametrize("folder", ["src/mandible", "docs"])
def test_nobody_is_sent_to_a_registry_that_does_not_have_mandible(folder: str) -> None:
    root = Path(__file__).parents[2]
    pages = [
        Path(at, name)
        for at, _, names in os.walk(root / folder, followlinks=True)
        for name in names
        if name.endswith((".py", ".md"))
    ]
    assert len(pages) > 5
    asked = re.compile(r"pip install [^\n]*\bmandible\b(?!'s)|mandible\[")
    assert [page.name for page in pages if asked.search(page.read_text("utf-8"))] == []
