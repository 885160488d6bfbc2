"""A cable between a host and a board: it can be pulled, in the middle of a message too, and plugged in again.

The board has a supply of its own, as a puppet's should: it runs on while the cable is out.
"""

from __future__ import annotations

import os
import select
import threading
import tty
from pathlib import Path
from types import TracebackType

import serial

CHUNK_BYTES = 4096
LOOK_S = 0.05


class Cable:
    """Carries bytes between the board's terminal and its own, to which ``path`` leads while plugged in."""

    def __init__(self, board_terminal: str, path: Path) -> None:
        """Lead from ``board_terminal``; the host's end is out."""
        self.path = path
        self._board = serial.Serial(board_terminal, timeout=0)
        self._master: int | None = None
        self._slave = -1
        # Bytes that still pass to the board before the cable is out; None: all of them.
        self._left: int | None = None
        self._out = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="cable")
        self._thread.start()

    def plug_in(self) -> None:
        """Give the host a new terminal, as a system does for a device that has come back."""
        master, self._slave = os.openpty()
        tty.setraw(self._slave)
        temporary = self.path.with_name(f".{self.path.name}")
        temporary.symlink_to(os.ttyname(self._slave))
        self._left = None
        self._out.clear()
        self._master = master
        temporary.replace(self.path)

    def pull(self, after_bytes: int, limit_s: float = 5.0) -> None:
        """Let that many more bytes pass towards the board, then hang up."""
        self._left = after_bytes
        assert self._out.wait(limit_s), "the host sends nothing"

    def close(self) -> None:
        """Throw the cable away."""
        self._end.set()
        self._thread.join()
        self._hang_up()
        self._board.close()

    def __enter__(self) -> Cable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _carry(self) -> None:
        board = self._board.fileno()
        while not self._end.is_set():
            master = self._master
            watched = [board] if master is None else [board, master]
            readable = select.select(watched, [], [], LOOK_S)[0]
            if board in readable:
                said = os.read(board, CHUNK_BYTES)
                # Nobody at the other end hears it.
                if master is not None:
                    os.write(master, said)
            if master is not None and master in readable:
                heard = os.read(master, CHUNK_BYTES)
                left = self._left
                os.write(board, heard[:left])
                if left is not None:
                    self._left = max(0, left - len(heard))
                    if len(heard) >= left:
                        self._hang_up()

    def _hang_up(self) -> None:
        if self._master is not None:
            self.path.unlink()
            os.close(self._slave)
            os.close(self._master)
            self._master = None
            self._out.set()
