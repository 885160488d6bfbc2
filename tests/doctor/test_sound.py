"""Microphones and their levels, through a real sound server and the real libraries."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.device.audio import WavWriter
from mandible.device.doctor import OK, WARN, sound, sound_server
from mandible.device.doctor.sound_server import SoundServer
from tests.virtual.microphone.pulse import NO_DEVICE_CONFIGURATION, SINK, VirtualMicrophone

ALSA = SoundServer(None, None, "", "alsa")
PULSE = SoundServer("PulseAudio", True, "pulseaudio", "pactl")
LIMIT_S = 60


def doctor(environment: Mapping[str, str], *words: str) -> dict[str, dict[str, str]]:
    """Run ``mandible doctor`` and return its checks by name."""
    done = subprocess.run(
        [sys.executable, "-m", "mandible.cli.main", "doctor", "--json", *words],
        env={**environment},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode in (0, 1), done.stderr
    assert done.stderr == ""
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_a_muted_microphone_is_found(virtual_microphone: VirtualMicrophone) -> None:
    checks = doctor(virtual_microphone.environment)
    assert checks["sound server"]["finding"] == "pulseaudio"
    assert checks["microphone"]["result"] == OK
    level = next(check for name, check in checks.items() if name.startswith("level of") and check["remedy"])
    assert level["result"] == WARN
    assert level["finding"] == "silent: muted?"
    assert level["remedy"].startswith("pactl set-source-mute @DEFAULT_SOURCE@ 0")


def test_a_level_is_measured(virtual_microphone: VirtualMicrophone, tmp_path: Path) -> None:
    # A square wave of amplitude 3277 has this as its root mean square and its peak: -20 dBFS.
    wave = np.tile(np.repeat(np.array([3277, -3277], np.int16), 20), 30 * 16_000 // 40)
    with WavWriter(tmp_path / "tone.wav") as writer:
        writer.write(wave)
    playing = subprocess.Popen(
        ["paplay", "-d", SINK, str(tmp_path / "tone.wav")], env=virtual_microphone.environment
    )
    try:
        wait_until_played(virtual_microphone)
        checks = doctor(virtual_microphone.environment)
    finally:
        playing.kill()
        playing.wait()
    level = checks[f"level of mic:{default_name(checks)}"]
    assert level["result"] == OK
    assert level["finding"] == "-20 dBFS, peak -20 dBFS"


def default_name(checks: dict[str, dict[str, str]]) -> str:
    """The default microphone's name in the finding."""
    return checks["microphone"]["finding"].partition("default ")[2]


def wait_until_played(microphone: VirtualMicrophone) -> None:
    """Return as soon as somebody plays into the microphone."""
    deadline_s = time.monotonic() + 10.0
    while time.monotonic() < deadline_s:
        asked = subprocess.run(
            ["pactl", "list", "short", "sink-inputs"], env=microphone.environment, capture_output=True
        )
        if asked.stdout.strip():
            return
    raise AssertionError("nobody plays")


def test_quick_does_not_listen(virtual_microphone: VirtualMicrophone) -> None:
    checks = doctor(virtual_microphone.environment, "--quick")
    assert checks["microphone"]["result"] == OK
    assert not any(name.startswith("level of") for name in checks)


def test_a_sound_server_that_hangs_does_not_hang_the_examination(
    virtual_microphone: VirtualMicrophone,
) -> None:
    daemon = virtual_microphone._daemon
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        began_s = time.monotonic()
        checks = doctor(virtual_microphone.environment)
        took_s = time.monotonic() - began_s
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
    assert checks["sound server"]["finding"] == "PulseAudio does not answer"
    assert checks["sound server"]["result"] == WARN
    assert checks["microphone"]["result"] == WARN
    assert checks["microphone"]["remedy"]
    assert checks["disk space"]["result"] in (OK, WARN)
    assert took_s < 15


def test_a_computer_without_a_sound_card(tmp_path: Path) -> None:
    configuration = tmp_path / "asound.conf"
    configuration.write_text(NO_DEVICE_CONFIGURATION)
    environment = {
        **{k: v for k, v in os.environ.items() if k != "PULSE_SERVER"},
        "ALSA_CONFIG_PATH": str(configuration),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "HOME": str(tmp_path),
    }
    checks = doctor(environment, "--quick")
    assert checks["microphone"]["result"] == WARN
    assert checks["sound server"]["finding"].startswith("none: ALSA is used directly")


def heard(**what: Any) -> dict[str, Any]:
    """What listening to the default input told."""
    return {"input": "cam", "default": True, "samples": 8000, "peak": 900, "rms": 90.0, "clipped": 0.0} | what


@pytest.mark.parametrize(
    ("told", "server", "finding", "remedy"),
    [
        (heard(), ALSA, "-51 dBFS, peak -31 dBFS", ""),
        (heard(peak=0, rms=0.0), ALSA, "silent: muted?", "alsamixer"),
        (heard(peak=2, rms=0.5), PULSE, "silent: muted?", "pactl set-source-mute"),
        (heard(peak=32768, rms=20000.0, clipped=0.1), PULSE, "-4 dBFS, peak 0 dBFS: too loud", "50%"),
        ({"input": "cam", "default": True, "samples": 0}, ALSA, "gives no sound at all", "unplug"),
        ({"input": "cam", "default": True, "problem": "busy"}, ALSA, "listened to: busy", "fuser"),
    ],
)
def test_what_a_level_means(told: dict[str, Any], server: SoundServer, finding: str, remedy: str) -> None:
    check = sound.level(told, server)
    assert check.name == "level of mic:cam"
    assert finding in check.finding
    assert remedy in check.remedy
    assert check.result == (WARN if remedy else OK)
    # A second socket without a plug is nothing to mend, and nothing to wonder about.
    other = sound.level({**told, "default": False}, server)
    assert (other.result, "muted" in other.finding) == (OK, False)
    assert (other.finding == "silent (not the default input)") == (finding == "silent: muted?")


@pytest.mark.parametrize(
    ("listed", "result", "told"),
    [
        ([{"name": "cam", "default": True}], OK, "default cam"),
        ([{"name": "cam", "default": False}], WARN, "no default input"),
        ([], WARN, "there is no input"),
    ],
)
def test_inputs(listed: list[dict[str, Any]], result: str, told: str) -> None:
    check = sound.inputs(listed)
    assert check.result == result
    assert told in check.finding


def program(folder: Path, name: str, script: str) -> str:
    """Put a program of the test's own into a folder: PipeWire itself cannot run here."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Server Name: PulseAudio (on PipeWire 1.2.7)", "PipeWire"),
        ("Server String: /run/user/1000/pulse/native\nServer Name: pulseaudio", "PulseAudio"),
    ],
)
def test_which_sound_server_answers(tmp_path: Path, said: str, name: str) -> None:
    found = sound_server.find({}, program(tmp_path, "pactl", f"printf '%s\\n' '{said}'"))
    assert (found.name, found.answers, found.mixer) == (name, True, "pactl")
    (check,) = sound_server.sound_server(found)
    assert check.result == OK


@pytest.mark.parametrize(("socket", "name"), [("pipewire-0", "PipeWire"), ("pulse/native", "PulseAudio")])
def test_a_sound_server_that_does_not_answer(tmp_path: Path, socket: str, name: str) -> None:
    (tmp_path / socket).parent.mkdir(exist_ok=True)
    (tmp_path / socket).touch()
    there = {"XDG_RUNTIME_DIR": str(tmp_path)}
    found = sound_server.find(there, program(tmp_path, "pactl", "exec sleep 100"))
    assert (found.name, found.answers) == (name, False)
    (check,) = sound_server.sound_server(found)
    assert check.result == WARN
    assert check.remedy == sound_server.RESTART[name]
    # Without a program to ask with, nothing is said against it.
    (check,) = sound_server.sound_server(sound_server.find(there, ""))
    assert (check.result, check.finding) == (OK, name)


def test_volumes_of_a_pipewire_without_pactl(tmp_path: Path) -> None:
    (tmp_path / "pipewire-0").touch()
    found = sound_server.find({"XDG_RUNTIME_DIR": str(tmp_path)}, program(tmp_path, "wpctl", "exit 0"))
    assert found.mixer == "wpctl"
    assert set(sound_server.UNMUTE) == set(sound_server.QUIETER) == {"pactl", "wpctl", "alsa"}
