"""A board that is a process of its own: started, found and ended here and nowhere else."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time

from mandible.errors import DeviceError
from mandible.own_python import own_python

# What a line begins with that says why there is no board: such a reason may begin with a path, too.
NO_BOARD = "no board: "
_CHUNK_BYTES = 4096
_LONGEST_LINE = 1000
_START_S = 20.0
# A supervisor parks the mouth first: the watchdog's time and the way to neutral.
_PARK_S = 3.0
_END_S = 1.0


class VirtualProcess:
    """The firmware's portable core behind a pseudo-terminal, by itself or in front of a controller.

    Attributes:
        path: the terminal to talk to.
    """

    def __init__(self, *options: str, module: str = "virtual_board") -> None:
        """Start ``module`` with ``options``; DeviceError, with its reason, where there is no board then.

        A module is one beside this one, or has a dot in its name and is found by that.
        """
        self._name = module.rpartition(".")[2].replace("_", " ")
        # Its own session: Ctrl-C stops the host, which then still parks the puppet.
        self._process = subprocess.Popen(
            own_python(module if "." in module else f"mandible.firmware_bridge.{module}", *options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            line = self._first_line()
            if line.startswith(NO_BOARD):
                raise DeviceError(line.removeprefix(NO_BOARD))
            self.path = line
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End the board, if it still runs: gently, then at once, then by force."""
        for patience_s in (_PARK_S, _END_S):
            self._process.terminate()
            # A board that somebody stopped (SIGSTOP) has to go on to end.
            self._process.send_signal(signal.SIGCONT)
            try:
                self._process.wait(timeout=patience_s)
                break
            except subprocess.TimeoutExpired:
                continue
        else:
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
            if not data or len(line) > _LONGEST_LINE:
                raise DeviceError(
                    f"the {self._name} did not start; if its kernel is missing, run in mandible's source "
                    "folder: pip install --force-reinstall --no-deps -e ."
                )
            line += data
        return line.split(b"\n")[0].decode(errors="replace").strip()
