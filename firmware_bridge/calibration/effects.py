"""What the wizard has done outside: limits stored on the board, a sentence spoken, the rig file written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mandible.api import assemble, choose
from mandible.device.audio.wav_file import WavFile
from mandible.device.frames import Frame
from mandible.device.pipeline import drive
from mandible.errors import DeviceError
from mandible.firmware_bridge.calibration.found import Found
from mandible.firmware_bridge.calibration.rig_writing import save_rig, with_limits
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.storing import LimitsWriter

# Called between two frames; True ends the sentence.
Turn = Callable[[], bool]


def found_rig(file: str, text: str, found: Iterable[Found]) -> Rig:
    """Return the rig that its file will be once the found limits are in it."""
    return Rig.parse(file, with_limits(file, text, found))


def store(url: PortUrl, rig: Rig) -> None:
    """Write the limits of ``rig`` to the board's permanent memory, unless they are there already.

    Raises:
        DeviceError: the board does not answer, refuses, or cannot hold the rig.
    """
    with LimitsWriter(url, rig) as writer:
        _, difference = writer.greet()
        if difference is not None:
            writer.write()


def say(url: PortUrl, rig: Rig, sentence: Path, turn: Turn) -> None:
    """Let the puppet speak a recording, aloud where there is a loudspeaker; leaves it parked.

    Raises:
        InputError: the recording is none.
        DeviceError: the board does not take the rig.
    """
    line = assemble(*choose(None, None, rig), rig)
    with Link(url.text, rig) as link:
        link.wait_ready()
        try:
            # Only who is heard needs PyAudio.
            from mandible.device.speaker.coinciding import auto_delay_ms
            from mandible.device.speaker.file_playback import FilePlayback
            from mandible.device.speaker.performance import ahead_of_the_sound

            early_ms = auto_delay_ms(line, rig)
            playback = FilePlayback(sentence, rig.audio.speaker or None, max(0.0, early_ms))
        except (ImportError, DeviceError):
            with WavFile(sentence, realtime=True) as silent:
                drive(_until(turn, silent), line, [link.send])
            return
        with playback, WavFile(sentence) as source:
            drive(_until(turn, ahead_of_the_sound(source, playback, early_ms)), line, [link.send])


def save(path: Path, file: str, text: str, found: Iterable[Found]) -> None:
    """Write the rig file; what was there before is kept beside it."""
    save_rig(path, with_limits(file, text, found))


def _until(turn: Turn, frames: Iterable[Frame]) -> Iterator[Frame]:
    for frame in frames:
        if turn():
            return
        yield frame
