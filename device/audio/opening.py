"""From what a person typed after ``--source`` to a source."""

from __future__ import annotations

from pathlib import Path

from mandible.device.audio.command import Command
from mandible.device.audio.microphone import MicrophoneSource
from mandible.device.audio.raw_stream import StandardInput
from mandible.device.audio.source import Source
from mandible.device.audio.wav_file import WavFile
from mandible.errors import InputError


def open_source(spec: str, realtime: bool = False) -> Source:
    """Open a source of sound.

    Args:
        spec: ``mic`` (the default microphone), ``mic:NAME``, ``cmd:COMMAND`` (a program that writes raw int16
            at 16 kHz mono), ``-`` (the same on standard input), or the name of a WAV file.
        realtime: hand a recording out at the pace at which it was spoken. Microphones always are.

    Raises:
        InputError: the file or the spec is wrong.
        DeviceError: a microphone, PyAudio or the command is missing.
    """
    kind, _, rest = spec.partition(":")
    if spec == "mic":
        return MicrophoneSource()
    if kind == "mic":
        if not rest.strip():
            raise InputError("mic: names no microphone: write mic for the default one, or mic:NAME")
        return MicrophoneSource(rest.strip())
    if kind == "cmd":
        return Command(rest, realtime)
    if spec == "-":
        return StandardInput(realtime)
    if not spec:
        raise InputError("the source is empty: give a WAV file, mic, mic:NAME, cmd:COMMAND or -")
    return WavFile(Path(spec), realtime)
