"""Finding microphones through PyAudio (PortAudio), by name.

The capture process imports this: nothing heavy may be imported here.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import io
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mandible.device.audio.by_name import choose_by_name
from mandible.errors import DeviceError

INSTALL_PYAUDIO = "sudo apt install portaudio19-dev gcc python3-dev && pip install PyAudio"
PYAUDIO_MISSING = (
    f"microphones and loudspeakers need PyAudio, which is not installed: {INSTALL_PYAUDIO} "
    "(in mandible's source folder, make install does both)"
)
LIST_THEM = "`mandible devices` lists what there is"


@dataclass(frozen=True, slots=True)
class Microphone:
    """An input as PortAudio sees it. ``index`` is good for this run only and is never shown or asked for."""

    index: int
    name: str
    host_api: str
    channels: int
    default_rate_hz: int
    is_default: bool


@contextlib.contextmanager
def silent_libraries() -> Iterator[None]:
    """Send file descriptor 2 to nowhere: ALSA and JACK write dozens of lines there while they look around."""
    sys.stderr.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def pyaudio_is_there() -> bool:
    """Whether PyAudio is installed, without importing it."""
    return importlib.util.find_spec("pyaudio") is not None


def open_portaudio() -> tuple[Any, Any]:
    """Like ``start_portaudio``, with standard error sent to nowhere meanwhile."""
    with silent_libraries():
        return start_portaudio()


def start_portaudio(kind: str = "microphone") -> tuple[Any, Any]:
    """Return the ``pyaudio`` module and a started ``PyAudio`` object; the caller terminates the latter.

    ``kind`` is what was looked for, for people.

    Raises:
        DeviceError: PyAudio is not installed, or the sound system is not there at all.
    """
    try:
        # PyAudio prints to standard output when its C part is missing.
        with contextlib.redirect_stdout(io.StringIO()):
            import pyaudio
    except ImportError:
        raise DeviceError(PYAUDIO_MISSING) from None
    if not _alsa_has_devices():
        raise DeviceError(f"no {kind}: the ALSA configuration names no devices: apt install libasound2-data")
    try:
        return pyaudio, pyaudio.PyAudio()
    except OSError as error:
        raise DeviceError(f"no {kind}: the sound system does not start: {error}") from None


def list_microphones(audio: Any) -> list[Microphone]:
    """Every input of a started ``PyAudio`` object."""
    try:
        default = int(audio.get_default_input_device_info()["index"])
    except OSError:
        default = -1
    found = []
    for index in range(audio.get_device_count()):
        info = audio.get_device_info_by_index(index)
        if info["maxInputChannels"] > 0:
            api = audio.get_host_api_info_by_index(info["hostApi"])["name"]
            rate_hz = round(info["defaultSampleRate"])
            name = str(info["name"])
            found.append(
                Microphone(index, name, api, int(info["maxInputChannels"]), rate_hz, index == default)
            )
    return found


def choose(microphones: Sequence[Microphone], name: str | None) -> Microphone:
    """Pick the default input, or the one whose name equals, else contains, ``name``, whatever its case.

    Raises:
        DeviceError: there is none, or the name fits none or several; the message lists what exists.
    """
    if not microphones:
        raise DeviceError(f"no microphone found: plug one in or start the sound server; {LIST_THEM}")
    return choose_by_name(microphones, name, "microphone", "mic:NAME")


def capture_settings(
    pyaudio: Any, audio: Any, microphone: Microphone, wanted_rate_hz: int
) -> tuple[int, int]:
    """Rate in Hz and channels to open a microphone with: the wanted rate, mono, where it can, else its own.

    Raises:
        DeviceError: it gives 16-bit samples at neither rate.
    """
    rates_hz = dict.fromkeys((wanted_rate_hz, microphone.default_rate_hz))
    for rate_hz in rates_hz:
        for channels in dict.fromkeys((1, microphone.channels)):
            if supports(pyaudio, audio, microphone, rate_hz, channels):
                return rate_hz, channels
    raise DeviceError(
        f"mic:{microphone.name}: gives 16-bit samples at neither {wanted_rate_hz} Hz nor its own "
        f"{microphone.default_rate_hz} Hz: another program may hold it: close that, or choose another one"
    )


def supports(pyaudio: Any, audio: Any, microphone: Microphone, rate_hz: int, channels: int) -> bool:
    """Ask the driver whether it would capture int16 like this."""
    with silent_libraries():
        try:
            return bool(
                audio.is_format_supported(
                    rate_hz,
                    input_device=microphone.index,
                    input_channels=channels,
                    input_format=pyaudio.paInt16,
                )
            )
        except ValueError:
            return False


def _alsa_has_devices() -> bool:
    """False where ALSA's configuration has no ``pcm`` section: PortAudio would abort the whole process."""
    if not sys.platform.startswith("linux"):
        return True
    try:
        alsa = ctypes.CDLL("libasound.so.2")
    except OSError:
        return True
    alsa.snd_config_search.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
    if alsa.snd_config_update() < 0:
        return False
    tree = ctypes.c_void_p.in_dll(alsa, "snd_config")
    return bool(alsa.snd_config_search(tree, b"pcm", ctypes.byref(ctypes.c_void_p())) >= 0)
