"""A program as a source: it writes raw samples, we read them."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import BinaryIO, cast

from mandible.device.audio.pacing import Pacer
from mandible.device.audio.raw_stream import raw_frames, raw_header
from mandible.device.audio.source import Source
from mandible.device.frames import Frame
from mandible.errors import DeviceError, InputError
from mandible.stop_flag import ended_within

EXIT_GRACE_S = 2.0
COMPLAINT_BYTES = 4096


class Command(Source):
    """Runs a command (split like a shell would, but without a shell) and reads its standard output.

    Expected there: signed 16-bit little-endian, 16 kHz, mono, no header. The command and what it started are
    ended when the source is closed.
    """

    def __init__(self, command: str, realtime: bool = False) -> None:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise InputError(f"cmd:{command}: {str(error).lower()}: check the quotes") from None
        if not words:
            raise InputError("cmd: names no command: write cmd:PROGRAM ARGUMENTS")
        self._program = words[0]
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise DeviceError(f"cmd: no program {words[0]!r}: install it or give its full path") from None
        except (OSError, ValueError) as error:
            raise DeviceError(f"cmd: {words[0]!r} cannot be started: {error}") from None
        self._complaint = b""
        self._listener = threading.Thread(target=self._listen, name="command stderr", daemon=True)
        self._listener.start()
        self._pacer = Pacer(realtime)
        self.description = f"command {command}"
        self.header = raw_header(f"cmd:{command}")

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames as samples arrive.

        Raises:
            DeviceError: the command failed, with the last line it wrote on its standard error.
        """
        silent = True
        stream = cast(BinaryIO, self._process.stdout)
        for frame in raw_frames(stream, f"cmd:{self._program}", self._pacer):
            silent = False
            yield frame
        if self._pacer.stopped:
            return
        try:
            status = self._process.wait(EXIT_GRACE_S)
        except subprocess.TimeoutExpired:
            status = 0  # It closed its output but lives on: the sound is complete, close() ends it.
        if status != 0:
            ending = f"status {status}" if status > 0 else f"signal {-status} ({signal.strsignal(-status)})"
            raise DeviceError(f"cmd: {self._program!r} ended with {ending}: {self._last_complaint()}")
        if silent:
            raise InputError(f"cmd: {self._program!r} ended without giving any sound")

    def close(self) -> None:
        """End the command and what it started: politely, then by force."""
        self._pacer.stop()
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(EXIT_GRACE_S)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        ended_within(self._listener, EXIT_GRACE_S)
        for pipe in (self._process.stdout, self._process.stderr):
            # The listener may still hold the other one if a grandchild keeps it open.
            if pipe is not None and not (pipe is self._process.stderr and self._listener.is_alive()):
                pipe.close()

    def _signal(self, which: signal.Signals) -> None:
        """Signal the command's whole session; its number is not given away while a member lives."""
        try:
            os.killpg(self._process.pid, which)
        except ProcessLookupError:
            return

    def _listen(self) -> None:
        """Drain standard error, so that the command never blocks on it, and keep the end of it."""
        stream = self._process.stderr
        while stream is not None and (piece := os.read(stream.fileno(), COMPLAINT_BYTES)):
            self._complaint = (self._complaint + piece)[-COMPLAINT_BYTES:]

    def _last_complaint(self) -> str:
        ended_within(self._listener, EXIT_GRACE_S)
        lines = self._complaint.decode("utf-8", "replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][:300] if said else "it said nothing on standard error"
