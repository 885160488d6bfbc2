"""A sound system that a test plugs devices into and delivers blocks from, block by block."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.device.audio.microphone import MicrophoneSource
from mandible.device.frames import Frame
from tests.audio.stand_in.pyaudio import ANSWER, MESSAGE

LIMIT_S = 20.0
MOST_HOPS = 3000


class StandInSound:
    """Stands in for PortAudio in every capture process started while it is there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._script = folder / "sound.json"
        self._socket_path = str(folder / "s")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self._socket_path)
        self._listener.listen()
        self._listener.settimeout(LIMIT_S)
        monkeypatch.setenv("STAND_IN_SOUND", str(self._script))
        monkeypatch.syspath_prepend(str(Path(__file__).with_name("stand_in")))
        self.plug([])

    def plug(self, devices: list[dict[str, Any]], default: str | None = None, trouble: str = "") -> None:
        """From now on, these are the devices that a fresh look finds."""
        script = {"devices": devices, "default": default, "trouble": trouble, "socket": self._socket_path}
        part = self._script.with_suffix(".part")
        part.write_text(json.dumps(script))
        part.replace(self._script)

    def opened(self) -> StandInStream:
        """Wait until a capture process opens a stream."""
        connection, _ = self._listener.accept()
        connection.settimeout(LIMIT_S)
        return StandInStream(connection)

    def close(self) -> None:
        """Let go of the socket."""
        self._listener.close()


class StandInStream:
    """An open stream, seen from the device.

    Attributes:
        settings: ``rate``, ``channels`` and ``frames_per_buffer`` it was opened with, and the ``pid``.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.settings = json.loads(connection.recv(200, socket.MSG_WAITALL))

    def deliver(self, raw: bytes, status: int = 0) -> int:
        """One audio callback; returns how long it took, in ns."""
        self._connection.sendall(MESSAGE.pack(status, len(raw)) + raw)
        (took_ns,) = ANSWER.unpack(self._connection.recv(ANSWER.size, socket.MSG_WAITALL))
        return int(took_ns)

    def wait_for_end(self) -> None:
        """Return when the process that holds the stream has ended."""
        assert self._connection.recv(1) == b""

    def unplug(self) -> None:
        """Pull the device out."""
        self._connection.close()


def block(value: int, samples: int = 160) -> bytes:
    """Samples of one value."""
    return np.full(samples, value, "<i2").tobytes()


def capturing(source: MicrophoneSource, sound: StandInSound) -> tuple[Iterator[Frame], StandInStream]:
    """The source's frames, and the device they come from."""
    source.start()
    return iter(source), sound.opened()


def until(frames: Iterator[Frame], wanted: int) -> list[Frame]:
    """The frames up to the first that begins with the sample ``wanted``."""
    seen = []
    for frame in frames:
        seen.append(frame)
        if frame.pcm[0] == wanted:
            return seen
        assert len(seen) < MOST_HOPS, "that sound never came"
    raise AssertionError("the source ended")


def until_silent(source: MicrophoneSource, frames: Iterator[Frame], why: str) -> list[Frame]:
    """The frames up to the first that comes while the source says ``why`` it is silent."""
    seen = []
    for frame in frames:
        seen.append(frame)
        if source.state.startswith("silent: ") and why in source.state:
            return seen
        assert len(seen) < MOST_HOPS, source.state
    raise AssertionError("the source ended")
