"""What the capture process under test finds under the name ``pyaudio``; a test controls it from outside.

The file that ``STAND_IN_SOUND`` names is read whenever PortAudio would start: JSON with ``devices`` and
``default`` as ``FakePyAudio`` takes them, ``socket``, and ``trouble``: nothing, or what the libraries shall
do (``hang at the start``, ``hang while opening``, ``abort``, ``print``). An open stream connects to the
socket; each message there becomes a callback, answered with how long it took; the end of the connection is a
device pulled out.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from pathlib import Path
from typing import Any

from tests.audio.fake_pyaudio import FakePyAudio

paInt16 = FakePyAudio.paInt16  # noqa: N816  # PyAudio's own spelling
paContinue = FakePyAudio.paContinue  # noqa: N816
paInputOverflow = FakePyAudio.paInputOverflow  # noqa: N816
MESSAGE = struct.Struct("<II")
ANSWER = struct.Struct("<Q")


class PyAudio(FakePyAudio):
    """PortAudio, started."""

    def __init__(self) -> None:
        self._script = json.loads(Path(os.environ["STAND_IN_SOUND"]).read_text())
        devices = [
            {**device, **({"takes": {tuple(form) for form in device["takes"]}} if "takes" in device else {})}
            for device in self._script["devices"]
        ]
        super().__init__(devices, self._script["default"])
        self._suffer("at the start")

    def open(self, **settings: Any) -> Any:
        """Open a stream whose callbacks come from the socket."""
        self._suffer("while opening")
        super().open(**settings)
        return Stream(self._script["socket"], settings)

    def _suffer(self, when: str) -> None:
        trouble = self._script["trouble"]
        if trouble == f"hang {when}":
            threading.Event().wait()
        if trouble == "abort":
            os.abort()
        if trouble == "print":
            os.write(1, b"cannot connect to server socket\n")


class Stream:
    """A running capture."""

    def __init__(self, path: str, settings: dict[str, Any]) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(path)
        told = {name: settings[name] for name in ("rate", "channels", "frames_per_buffer")}
        self._connection.sendall(json.dumps({"pid": os.getpid(), **told}).encode().ljust(200))
        self._callback = settings["stream_callback"]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def is_active(self) -> bool:
        """False once the device is gone."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while head := self._connection.recv(MESSAGE.size, socket.MSG_WAITALL):
            status, length = MESSAGE.unpack(head)
            raw = self._connection.recv(length, socket.MSG_WAITALL)
            began_ns = time.perf_counter_ns()
            assert self._callback(raw, length // 2, {}, status) == (None, paContinue)
            self._connection.sendall(ANSWER.pack(time.perf_counter_ns() - began_ns))
