"""Which microphones, loudspeakers and serial ports this computer has."""

from __future__ import annotations

from typing import Any

from mandible.device.audio.portaudio import list_microphones, open_portaudio, silent_libraries, supports
from mandible.errors import DeviceError

PROBED_RATES_HZ = (16_000, 44_100, 48_000)


def microphones() -> list[dict[str, Any]]:
    """Name, host interface, channels and the rates (Hz) of every input.

    Raises:
        DeviceError: PyAudio or the sound system is missing.
    """
    pyaudio, audio = open_portaudio()
    try:
        return [
            {
                "name": microphone.name,
                "source": f"mic:{microphone.name}",
                "host_api": microphone.host_api,
                "channels": microphone.channels,
                "default": microphone.is_default,
                "default_rate_hz": microphone.default_rate_hz,
                "rates_hz": [
                    rate_hz
                    for rate_hz in sorted({*PROBED_RATES_HZ, microphone.default_rate_hz})
                    if supports(pyaudio, audio, microphone, rate_hz, 1)
                    or supports(pyaudio, audio, microphone, rate_hz, microphone.channels)
                ],
            }
            for microphone in list_microphones(audio)
        ]
    finally:
        with silent_libraries():
            audio.terminate()


def loudspeakers() -> list[dict[str, Any]]:
    """Name and channels of every output.

    Raises:
        DeviceError: PyAudio or the sound system is missing.
    """
    from mandible.device.speaker.loudspeakers import list_loudspeakers

    _, audio = open_portaudio()
    try:
        return [
            {
                "name": speaker.name,
                "channels": speaker.channels,
                "default": speaker.is_default,
                "default_rate_hz": speaker.default_rate_hz,
            }
            for speaker in list_loudspeakers(audio)
        ]
    finally:
        with silent_libraries():
            audio.terminate()


def serial_ports() -> list[dict[str, Any]]:
    """Path, USB identity (VID:PID:SERIAL) and description of every serial port.

    Raises:
        DeviceError: pyserial is missing.
    """
    try:
        from serial.tools import list_ports
    except ImportError:
        raise DeviceError(
            "serial ports need pyserial, which is not installed: pip install pyserial"
        ) from None
    return [
        {
            "port": port.device,
            "url": f"serial://{port.device}",
            "usb": None if port.vid is None else f"{port.vid:04x}:{port.pid:04x}:{port.serial_number or ''}",
            "description": port.description if port.description != "n/a" else None,
        }
        for port in sorted(list_ports.comports(), key=lambda port: port.device)
    ]
