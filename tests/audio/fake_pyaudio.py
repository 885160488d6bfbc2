"""A stand-in for PyAudio whose devices and callbacks a test controls."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

Callback = Callable[[bytes, int, dict[str, float], int], tuple[None, int]]


class FakePyAudio:
    """Looks like the ``pyaudio`` module: ``FakePyAudio(...)`` goes into ``sys.modules``.

    Args:
        devices: dicts with ``name`` and, where they differ from a plain microphone, ``inputs`` and
            ``outputs`` (channels), ``default_rate_hz``, ``takes`` (the (rate, channels) pairs it supports)
            and ``busy``.
        default: name of the default input, or None.
    """

    paInt16, paContinue, paInputOverflow = 8, 0, 2

    def __init__(self, devices: list[dict[str, Any]], default: str | None = None) -> None:
        self.devices = [
            {
                "inputs": 1,
                "outputs": 0,
                "default_rate_hz": 44_100,
                "takes": {(16_000, 1)},
                "busy": False,
                **device,
            }
            for device in devices
        ]
        self.default = default
        self.opened: dict[str, Any] = {}
        self.stream_closed = self.terminated = False

    def PyAudio(self) -> FakePyAudio:  # noqa: N802  # PyAudio's own spelling
        """The module's class; this object plays both."""
        return self

    def get_default_input_device_info(self) -> dict[str, Any]:
        """The default input, or OSError as PortAudio reports none."""
        for index, device in enumerate(self.devices):
            if device["name"] == self.default:
                return self.get_device_info_by_index(index)
        raise OSError("No Default Input Device Available")

    def get_default_output_device_info(self) -> dict[str, Any]:
        """The first output, or OSError as PortAudio reports none."""
        for index, device in enumerate(self.devices):
            if device["outputs"]:
                return self.get_device_info_by_index(index)
        raise OSError("No Default Output Device Available")

    def get_device_count(self) -> int:
        """How many devices there are."""
        return len(self.devices)

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        """What PortAudio tells about a device."""
        device = self.devices[index]
        return {
            "index": index,
            "name": device["name"],
            "hostApi": 0,
            "maxInputChannels": device["inputs"],
            "maxOutputChannels": device["outputs"],
            "defaultSampleRate": float(device["default_rate_hz"]),
        }

    def get_host_api_info_by_index(self, index: int) -> dict[str, Any]:
        """The one host interface."""
        return {"index": index, "name": "ALSA"}

    def is_format_supported(
        self, rate: float, input_device: int, input_channels: int, input_format: int
    ) -> bool:
        """True, or ValueError as PyAudio says no."""
        if (rate, input_channels) not in self.devices[input_device]["takes"]:
            raise ValueError("Invalid sample rate")
        return input_format == self.paInt16

    def open(self, **settings: Any) -> SimpleNamespace:
        """Open a stream; the test calls ``deliver`` in the audio thread's place."""
        if self.devices[settings["input_device_index"]]["busy"]:
            raise OSError(-9985, "Device unavailable")
        self.opened = settings
        return SimpleNamespace(close=self._close_stream)

    def deliver(self, raw: bytes, status: int = 0) -> None:
        """One audio callback."""
        callback: Callback = self.opened["stream_callback"]
        assert callback(raw, len(raw) // 2, {}, status) == (None, self.paContinue)

    def terminate(self) -> None:
        """Release everything."""
        self.terminated = True

    def _close_stream(self) -> None:
        self.stream_closed = True
