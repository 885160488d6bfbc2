"""Which sound server runs here, and the commands that set a microphone's volume with it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mandible.device.audio.sound_server import ask
from mandible.device.doctor.check import OK, WARN, Check
from mandible.errors import DeviceError

ANSWER_S = 1.0
RESTART = {
    "PipeWire": "systemctl --user restart pipewire pipewire-pulse wireplumber",
    "PulseAudio": "pulseaudio -k; pulseaudio --start",
}
UNMUTE = {
    "pactl": "pactl set-source-mute @DEFAULT_SOURCE@ 0; pactl set-source-volume @DEFAULT_SOURCE@ 80%",
    "wpctl": "wpctl set-mute @DEFAULT_AUDIO_SOURCE@ 0; wpctl set-volume @DEFAULT_AUDIO_SOURCE@ 0.8",
    "alsa": "alsamixer, F4 shows inputs: space switches one on, arrow up makes it louder; sudo alsactl store",
}
QUIETER = {
    "pactl": "pactl set-source-volume @DEFAULT_SOURCE@ 50%",
    "wpctl": "wpctl set-volume @DEFAULT_AUDIO_SOURCE@ 0.5",
    "alsa": "alsamixer, F4 shows inputs: arrow down makes one quieter; sudo alsactl store",
}


@dataclass(frozen=True, slots=True)
class SoundServer:
    """What was found.

    Attributes:
        name: ``PulseAudio``, ``PipeWire`` or None.
        answers: whether it answered within a second; None where no program is there to ask it with.
        details: its own words.
        mixer: the program that sets volumes here, a key of ``UNMUTE``.
    """

    name: str | None
    answers: bool | None
    details: str
    mixer: str


def find(environment: Mapping[str, str] | None = None, search_path: str | None = None) -> SoundServer:
    """Look for the sound server that programs of this user reach."""
    environment = os.environ if environment is None else environment
    pactl = shutil.which("pactl", path=search_path)
    said = ""
    if pactl:
        with suppress(DeviceError):
            said = ask("info", program=pactl, limit_s=ANSWER_S)
    named = re.search(r"^Server Name: *(\S.*)$", said, re.MULTILINE)
    if named:
        name = "PipeWire" if "pipewire" in named[1].lower() else "PulseAudio"
        return SoundServer(name, True, named[1].strip()[:80], "pactl")
    waiting = _socket_of(environment)
    if waiting is None:
        return SoundServer(None, None, "", "alsa")
    if waiting == "PipeWire" and not pactl:
        mixer = "wpctl" if shutil.which("wpctl", path=search_path) else "alsa"
        return SoundServer(waiting, None, "", mixer)
    return SoundServer(waiting, False if pactl else None, "", "pactl" if pactl else "alsa")


def sound_server(found: SoundServer) -> Iterator[Check]:
    """Yield what kind of sound server there is."""
    name = "sound server"
    if found.name is None:
        finding = "none: ALSA is used directly; one program at a time, and no monitor: source"
        yield Check(name, OK, finding)
    elif found.answers is False:
        yield Check(name, WARN, f"{found.name} does not answer", RESTART[found.name])
    else:
        yield Check(name, OK, found.details or found.name)


def _socket_of(environment: Mapping[str, str]) -> str | None:
    """Name the server whose socket waits, answered or not."""
    runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    if environment.get("PULSE_SERVER"):
        return "PulseAudio"
    for name, socket in (("PipeWire", "pipewire-0"), ("PulseAudio", "pulse/native")):
        try:
            if Path(runtime, socket).exists():
                return name
        except (OSError, ValueError):
            continue
    return None
