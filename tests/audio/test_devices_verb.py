"""``mandible devices``: what there is, and what to install when it cannot be told."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from serial.tools import list_ports

from mandible.cli.main import main
from mandible.device.audio import portaudio
from tests.audio.fake_pyaudio import FakePyAudio

BOARD = SimpleNamespace(
    device="/dev/ttyACM0", vid=0x2341, pid=0x0043, serial_number="85430353", description="Arduino Uno"
)
PLAIN = SimpleNamespace(device="/dev/ttyS0", vid=None, pid=None, serial_number=None, description="n/a")


@pytest.fixture
def microphones(monkeypatch: pytest.MonkeyPatch) -> FakePyAudio:
    """One microphone that takes 16 and 48 kHz, and a loudspeaker."""
    fake = FakePyAudio(
        [
            {
                "name": "USB [cam]",
                "inputs": 2,
                "takes": {(16_000, 1), (48_000, 2)},
                "default_rate_hz": 48_000,
            },
            {"name": "speaker", "inputs": 0, "outputs": 2, "default_rate_hz": 48_000},
        ],
        default="USB [cam]",
    )
    monkeypatch.setitem(sys.modules, "pyaudio", fake)
    monkeypatch.setattr(portaudio, "_alsa_has_devices", lambda: True)
    return fake


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The serial ports there are; a test may change the list."""
    there = [PLAIN, BOARD]
    monkeypatch.setattr(list_ports, "comports", lambda: there)
    return there


def test_all_kinds_as_json(
    microphones: FakePyAudio, ports: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    (microphone,) = listed["microphones"]
    assert microphone["source"] == "mic:USB [cam]"
    assert microphone["default"] is True
    assert microphone["rates_hz"] == [16_000, 48_000]
    assert listed["loudspeakers"] == [
        {"name": "speaker", "channels": 2, "default": True, "default_rate_hz": 48_000}
    ]
    assert [port["url"] for port in listed["serial_ports"]] == [
        "serial:///dev/ttyACM0",
        "serial:///dev/ttyS0",
    ]
    assert listed["serial_ports"][0]["usb"] == "2341:0043:85430353"
    assert listed["serial_ports"][1]["usb"] is None
    assert listed["problems"] == {}
    assert microphones.terminated


def test_all_kinds_for_people(
    microphones: FakePyAudio, ports: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "microphones:",
        "  mic:USB [cam]                     default, 2 channels, 16000/48000 Hz, ALSA",
        "loudspeakers:",
        "  speaker                           default, 2 channels, 48000 Hz",
        "serial ports:",
        "  serial:///dev/ttyACM0             USB 2341:0043:85430353, Arduino Uno",
        "  serial:///dev/ttyS0",
    ]


def test_nothing_plugged_in_is_no_failure(
    microphones: FakePyAudio, ports: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    ports.clear()
    microphones.devices.clear()
    assert main(["devices"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "microphones: none (mandible doctor looks for the reason)",
        "loudspeakers: none (mandible doctor looks for the reason)",
        "serial ports: none",
    ]


def test_a_missing_package_is_named_and_the_rest_is_listed(
    ports: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    assert main(["devices", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert "pip install PyAudio" in listed["problems"]["microphones"]
    assert len(listed["serial_ports"]) == 2


def test_when_nothing_can_be_listed_the_device_code_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    monkeypatch.setitem(sys.modules, "serial.tools", None)
    assert main(["devices", "--json"]) == 3
    captured = capsys.readouterr()
    assert "pip install pyserial" in captured.err
    assert json.loads(captured.out)["problems"].keys() == {"microphones", "loudspeakers", "serial_ports"}


def test_one_missing_package_is_told_once(
    ports: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    assert main(["devices"]) == 0
    assert capsys.readouterr().out.count("pip install PyAudio") == 1
