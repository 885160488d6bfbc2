"""The microphones there are, and how loud each is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from mandible.device.doctor.check import OK, WARN, Check
from mandible.device.doctor.child import Child
from mandible.device.doctor.sound_server import QUIETER, UNMUTE, SoundServer

LISTENING = "mandible.device.doctor.listening"
LIMIT_S = 4.5
FULL_SCALE = 32768.0
# A few steps of an int16: no microphone that is switched on is as quiet.
SILENT_PEAK = 3
CLIPPED_SHARE = 0.001
SILENT, NO_PLUG = "silent: muted?", "silent (not the default input)"
SHOWN = 6
RESTART_SOUND = "sudo systemctl restart alsa-state, or log out and in again"


def start(quick: bool) -> Child | None:
    """Begin to listen beside the other checks; None without PyAudio."""
    if find_spec("pyaudio") is None:
        return None
    return Child(LISTENING, *(["--quick"] if quick else []), limit_s=LIMIT_S)


def microphones(child: Child | None, server: SoundServer) -> Iterator[Check]:
    """Yield which inputs there are, then the level of each that was listened to; nothing without PyAudio."""
    if child is None:
        return
    told, finished = child.told()
    problem = next((str(t["problem"]) for t in told if "problem" in t and "input" not in t), None)
    listed = next((t["inputs"] for t in told if "inputs" in t), None)
    if problem is not None:
        finding, _, remedy = problem.partition(": ")
        yield Check("microphone", WARN, finding, remedy)
    elif listed is not None:
        yield inputs(listed)
    for heard in told:
        if "input" in heard:
            yield level(heard, server)
    if not finished and problem is None:
        finding = f"the sound system did not answer within {LIMIT_S} s"
        yield Check("microphone", WARN, finding, RESTART_SOUND)


def inputs(listed: list[dict[str, Any]]) -> Check:
    """Return whether there is an input to listen to. Recordings work without."""
    names = list(dict.fromkeys(f"mic:{entry['name']}" for entry in listed))
    default = next((entry["name"] for entry in listed if entry["default"]), None)
    if default is not None:
        return Check("microphone", OK, f"{len(names)} found, default {default}")
    if names:
        shown = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
        return Check("microphone", WARN, "no default input", f"run with --source and one of: {shown}")
    return Check("microphone", WARN, "PyAudio works, but there is no input", "plug a microphone in")


def level(heard: dict[str, Any], server: SoundServer) -> Check:
    """Return how loud an input is. Only the default one warns: others may well be sockets without a plug."""
    name = f"level of mic:{heard['input']}"
    finding, remedy = _heard(heard, server)
    if not heard["default"]:
        finding = NO_PLUG if finding == SILENT else finding
        return Check(name, OK, finding)
    return Check(name, WARN if remedy else OK, finding, remedy)


def _heard(heard: dict[str, Any], server: SoundServer) -> tuple[str, str]:
    """Return what was heard, and what to do about it."""
    if "problem" in heard:
        return f"cannot be listened to: {heard['problem']}", "close what holds it: fuser -v /dev/snd/*"
    if not heard["samples"]:
        return "gives no sound at all", "unplug it and plug it in again"
    if heard["peak"] <= SILENT_PEAK:
        return SILENT, UNMUTE[server.mixer]
    finding = f"{_dbfs(heard['rms'])} dBFS, peak {_dbfs(heard['peak'])} dBFS"
    if heard["clipped"] > CLIPPED_SHARE:
        return f"{finding}: too loud, it clips", QUIETER[server.mixer]
    return finding, ""


def _dbfs(amplitude: float) -> str:
    return f"{20 * math.log10(max(amplitude, 0.1) / FULL_SCALE):.0f}"
