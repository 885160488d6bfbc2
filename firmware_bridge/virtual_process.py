"""A virtual board in a process of its own: started, found and ended here and nowhere else."""

from __future__ import annotations

import os
import select
import subprocess
import time

from mandible.errors import DeviceError
from mandible.own_python import own_python

_CHUNK_BYTES = 4096
_START_S = 20.0
_END_S = 2.0


class VirtualProcess:
    """The firmware's portable core behind a pseudo-terminal.

    Attributes:
        path: the terminal to talk to.
    """

    def __init__(self, *options: str) -> None:
        """Start a board with the ``options`` of ``virtual_board``; DeviceError where it does not start."""
        # Its own session: Ctrl-C stops the host, which then still parks the puppet.
        self._process = subprocess.Popen(
            own_python("mandible.firmware_bridge.virtual_board", *options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            self.path = self._first_line()
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End the board, if it still runs."""
        self._process.terminate()
        try:
            self._process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _first_line(self) -> str:
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        line = bytearray()
        give_up_s = time.monotonic() + _START_S
        while not line.endswith(b"\n"):
            ready = select.select([stream], [], [], max(0.0, give_up_s - time.monotonic()))[0]
            data = os.read(stream, _CHUNK_BYTES) if ready else b""
            if not data:
                raise DeviceError(
                    "the virtual board did not start; if its kernel is missing, run in mandible's source "
                    "folder: pip install --force-reinstall --no-deps -e ."
                )
            line += data
        return line.split(b"\n")[0].decode().strip()
