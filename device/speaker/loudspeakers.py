"""Finding loudspeakers through PyAudio (PortAudio), by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mandible.device.audio.by_name import choose_by_name
from mandible.errors import DeviceError


@dataclass(frozen=True, slots=True)
class Loudspeaker:
    """An output as PortAudio sees it. ``index`` is good for this run only and is never shown or asked for."""

    index: int
    name: str
    channels: int
    default_rate_hz: int
    is_default: bool


def list_loudspeakers(audio: Any) -> list[Loudspeaker]:
    """Every output of a started ``PyAudio`` object."""
    try:
        default = int(audio.get_default_output_device_info()["index"])
    except OSError:
        default = -1
    found = []
    for index in range(audio.get_device_count()):
        info = audio.get_device_info_by_index(index)
        if info["maxOutputChannels"] > 0:
            rate_hz = round(info["defaultSampleRate"])
            channels = int(info["maxOutputChannels"])
            found.append(Loudspeaker(index, str(info["name"]), channels, rate_hz, index == default))
    return found


def choose_loudspeaker(loudspeakers: Sequence[Loudspeaker], name: str | None) -> Loudspeaker:
    """Pick the default output, or the one whose name equals, else contains, ``name``, whatever its case.

    None and ``default`` are the default one.

    Raises:
        DeviceError: there is none, or the name fits none or several; the message lists what exists.
    """
    if not loudspeakers:
        raise DeviceError("no loudspeaker found: plug one in or start the sound server")
    wanted = None if name is None or name.casefold() == "default" else name
    return choose_by_name(loudspeakers, wanted, "loudspeaker", "--speaker")


def playback_settings(
    pyaudio: Any, audio: Any, speaker: Loudspeaker, rate_hz: int, channels: int
) -> tuple[int, int]:
    """Rate in Hz and channel count to open a loudspeaker with: those wanted where it can, else its own.

    Raises:
        DeviceError: it takes no 16-bit samples in any of these ways.
    """
    own_channels = min(2, speaker.channels)
    for rate in dict.fromkeys((rate_hz, speaker.default_rate_hz)):
        for count in dict.fromkeys((channels, own_channels, 1, speaker.channels)):
            if count <= speaker.channels and _supports(pyaudio, audio, speaker, rate, count):
                return rate, count
    raise DeviceError(
        f"speaker {speaker.name}: takes 16-bit samples at neither {rate_hz} Hz nor its own "
        f"{speaker.default_rate_hz} Hz: another program may hold it: close that, or choose another one"
    )


def _supports(pyaudio: Any, audio: Any, speaker: Loudspeaker, rate_hz: int, channels: int) -> bool:
    try:
        return bool(
            audio.is_format_supported(
                rate_hz,
                output_device=speaker.index,
                output_channels=channels,
                output_format=pyaudio.paInt16,
            )
        )
    except ValueError:
        return False
