"""``mandible devices``: which microphones and serial ports this machine has."""

from __future__ import annotations

import argparse
import json
from typing import Any

from mandible.device.audio.portaudio import list_microphones, open_portaudio, silent_libraries, supports
from mandible.device.frames import SAMPLE_RATE_HZ
from mandible.errors import DeviceError, MandibleError

PROBED_RATES_HZ = (SAMPLE_RATE_HZ, 44_100, 48_000)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``devices`` has no options of its own."""


def main(args: argparse.Namespace) -> int:
    """List what there is; what cannot be listed is said, and only fails when nothing could be."""
    found: dict[str, list[dict[str, Any]]] = {}
    problems: dict[str, str] = {}
    for kind, look in (("microphones", microphones), ("serial_ports", serial_ports)):
        try:
            found[kind] = look()
        except MandibleError as error:
            problems[kind] = str(error)
    if args.json:
        print(json.dumps({**found, "problems": problems}))
    else:
        show(found, problems)
    if not found:
        raise DeviceError("nothing could be listed: " + "; ".join(problems.values()))
    return 0


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


def show(found: dict[str, list[dict[str, Any]]], problems: dict[str, str]) -> None:
    """Print one line a device; what stands first on it can be copied into a command."""
    for kind, describe in (("microphones", microphone_line), ("serial_ports", serial_line)):
        title = kind.replace("_", " ")
        if kind in problems:
            print(f"{title}: {problems[kind]}")
        elif not found[kind]:
            print(f"{title}: none")
        else:
            print(f"{title}:")
            for device in found[kind]:
                name, facts = describe(device)
                print(f"  {name:<32}  {', '.join(facts)}".rstrip())


def microphone_line(microphone: dict[str, Any]) -> tuple[str, list[str]]:
    """What ``--source`` takes, and what there is to know."""
    default = ["default"] if microphone["default"] else []
    channels = microphone["channels"]
    rates = "/".join(map(str, microphone["rates_hz"])) or "no usable rate"
    facts = [f"{channels} channel{'s' * (channels != 1)}", f"{rates} Hz", microphone["host_api"]]
    return microphone["source"], default + facts


def serial_line(port: dict[str, Any]) -> tuple[str, list[str]]:
    """What ``--port`` takes, and what there is to know."""
    usb = [] if port["usb"] is None else [f"USB {port['usb']}"]
    return port["url"], usb + [port["description"]] * (port["description"] is not None)
