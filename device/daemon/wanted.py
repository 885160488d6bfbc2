"""What a live run is asked for, apart from the line itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mandible.device.audio.conditioner import Conditioning


@dataclass(frozen=True, slots=True)
class Wanted:
    """The ends of a run, checked as far as that is possible before they are opened.

    Attributes:
        source: as ``open_source`` takes it.
        realtime: hand recordings out at the speed of speech.
        conditioning: what is done to the sound before the line; None leaves it to the source.
        port: URL of the board, None without one.
        speaker: name of a loudspeaker that repeats the voice, empty for the default one; None for none.
        speaker_delay_ms: how much later; None so that it meets the mouth.
        output, format_name, stamp: file of visemes, its format, and what its times mean.
        record: WAV file for what was heard.
        duration_s: stop after this much sound.
        meter: show what happens in the terminal.
        service: nobody watches: wait for devices that are not there yet, read the rig again on SIGHUP, tell
            the service manager.
        control: path of the control socket, None for none.
        metrics: HOST:PORT to offer figures at, None for none.
    """

    source: str
    realtime: bool = False
    conditioning: Conditioning | None = None
    port: str | None = None
    speaker: str | None = None
    speaker_delay_ms: float | None = None
    output: str | None = None
    format_name: str = "csv"
    stamp: str = "aligned"
    record: str | None = None
    duration_s: float | None = None
    meter: bool = False
    service: bool = False
    control: Path | None = None
    metrics: str | None = None
