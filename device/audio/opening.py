"""From what a person typed after ``--source`` to a source."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from mandible.device.audio.command import Command
from mandible.device.audio.conditioner import Conditioning, conditioned
from mandible.device.audio.microphone import MicrophoneSource
from mandible.device.audio.monitor import MonitorSource
from mandible.device.audio.raw_stream import StandardInput
from mandible.device.audio.source import Source
from mandible.device.audio.wav_file import WavFile
from mandible.device.audio.wyoming_client import WyomingClient
from mandible.device.audio.wyoming_service import WyomingService
from mandible.errors import InputError
from mandible.wording import shortened

# The first word of each, and how it is written.
_KINDS = {
    "mic": "mic",
    "monitor": "monitor:",
    "tcp": "tcp:HOST:PORT",
    "tcp-listen": "tcp-listen:HOST:PORT",
    "cmd": "cmd:COMMAND",
}
# Nothing longer comes near one; comparing takes time that grows with the length.
_LONGEST_KIND = 20


def is_live(spec: str) -> bool:
    """Whether ``spec`` names sound that happens now: a microphone, ``monitor:`` or ``tcp:``."""
    return spec.partition(":")[0] in ("mic", "tcp", "tcp-listen") or _is_monitor(spec)


def open_source(
    spec: str, realtime: bool = False, conditioning: Conditioning | None = None, patient: bool = False
) -> Source:
    """Open a source of sound.

    Args:
        spec: ``mic`` (the default microphone), ``mic:NAME``, ``monitor:`` (what this machine plays),
            ``monitor:SINK``, ``tcp:HOST:PORT`` (a Wyoming service that sends sound), ``tcp-listen:HOST:PORT``
            (be the one that a Wyoming satellite plays to), ``cmd:COMMAND`` (a program that writes raw int16
            at 16 kHz mono), ``-`` (the same on standard input), or the name of a WAV file.
        realtime: hand a recording out at the pace at which it was spoken. Live sources always are.
        conditioning: what is done to the sound; None is a high-pass and automatic gain for microphones,
            ``monitor:`` and ``tcp:``, and nothing for the rest.
        patient: wait for a device that is not there yet, in silence, instead of raising an error.

    Raises:
        InputError: the file or the spec is wrong.
        DeviceError: a device, a package, a service or the command is missing.
    """
    source = _open(spec, realtime, patient)
    if conditioning is None:
        conditioning = Conditioning() if is_live(spec) else Conditioning.off()
    return conditioned(source, conditioning)


def _open(spec: str, realtime: bool, patient: bool) -> Source:
    kind, _, rest = spec.partition(":")
    if spec == "mic":
        return MicrophoneSource(patient=patient)
    if kind == "mic":
        if not rest.strip():
            raise InputError("mic: names no microphone: write mic for the default one, or mic:NAME")
        return MicrophoneSource(rest.strip(), patient)
    if _is_monitor(spec):
        return MonitorSource(rest.strip() or None, patient)
    if kind == "tcp":
        return WyomingClient(rest, patient)
    if kind == "tcp-listen":
        return WyomingService(rest, patient)
    if kind == "cmd":
        return Command(rest, realtime)
    if spec == "-":
        return StandardInput(realtime)
    if not spec:
        raise InputError(
            "the source is empty: give a WAV file, mic, mic:NAME, monitor:, tcp:HOST:PORT, cmd:COMMAND or -"
        )
    _refuse_misspelt(kind, spec)
    return WavFile(Path(spec), realtime)


def _refuse_misspelt(kind: str, spec: str) -> None:
    """Raise InputError for what is no file, and nearly another kind of source."""
    if "." in kind or "/" in kind or os.path.lexists(spec):
        return
    near = difflib.get_close_matches(kind[:_LONGEST_KIND].casefold(), _KINDS, n=1, cutoff=0.6)
    if near:
        raise InputError(f"{shortened(spec)}: no such file; did you mean {_KINDS[near[0]]}?")


def _is_monitor(spec: str) -> bool:
    """Whether the spec means the monitor, and not a file of that name."""
    kind, colon, _ = spec.partition(":")
    return kind == "monitor" and (bool(colon) or not Path(spec).exists())
