"""A virtual board that also tells when each set-point came: a process of its own, and its owner's handle.

``python -m mandible.benchmarks.lateness.watched_board --log FILE`` prints its terminal's path and serves
until it is told to stop, or its standard input, a pipe, has closed. ``board_log`` describes the log.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TextIO, cast

from mandible.benchmarks.lateness.board_log import Move, Pulse, move_row, pulse_row, read_log
from mandible.errors import DeviceError
from mandible.firmware_bridge import _board
from mandible.firmware_bridge.protocol import Decoder
from mandible.firmware_bridge.terminal_board import TerminalBoard, owner
from mandible.firmware_bridge.virtual_process import VirtualProcess

_MODULE = "mandible.benchmarks.lateness.watched_board"
_LONGEST_CATCH_UP_US = 1_000_000


class WatchedBoard:
    """The board, from entering the context to leaving it.

    Attributes:
        port: the URL to reach it at.
    """

    def __init__(self, log: Path) -> None:
        """Start it; DeviceError where that fails."""
        self._log = log
        self._process: VirtualProcess | None = VirtualProcess("--log", str(log), module=_MODULE)
        self.port = f"virtual:{self._process.path}"

    def __enter__(self) -> WatchedBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Switch it off; from then on the log is complete."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def moved(self) -> bool:
        """Tell whether a set-point has come yet."""
        return self._log.exists() and self._log.stat().st_size > 0

    def read(self) -> tuple[list[Move], list[Pulse]]:
        """Return everything logged; call it after ``close``.

        Raises:
            DeviceError: there is no log, or it ends within a row: the disk was full.
        """
        try:
            return read_log(self._log)
        except (OSError, ValueError, IndexError) as error:
            raise DeviceError(f"{self._log}: the virtual board's log is not whole ({error})") from None


class _Core:
    """The firmware's core, its set-points noted on their way in."""

    def __init__(self, log: TextIO) -> None:
        self._core, self._log, self._decoder = _board.Board(), log, Decoder()
        # When the board's clock read zero: it is told the time a little after it was taken, hence the least.
        self._zero_ns: int | None = None

    @property
    def period_us(self) -> int:
        return self._core.period_us

    def receive(self, data: bytes, now_us: int) -> None:
        now_ns = time.monotonic_ns()
        zero_ns = now_ns - now_us * 1000
        self._zero_ns = zero_ns if self._zero_ns is None else min(self._zero_ns, zero_ns)
        self._core.receive(data, now_us)
        for message in self._decoder.feed(data):
            if message.name == "move":
                self._log.write(move_row(message, now_ns, self._zero_ns))

    def poll(self, now_us: int) -> None:
        self._core.poll(now_us)

    def pulses(self, start_us: int) -> bytes:
        return self._core.pulses(start_us)

    def transmit(self) -> bytes:
        return self._core.transmit()

    def eeprom(self) -> bytes:
        return self._core.eeprom()

    def note(self, start_us: int, pulses_us: Sequence[int]) -> None:
        """Log a period's pulses."""
        if self._zero_ns is not None:
            for output, pulse_us in enumerate(pulses_us):
                if pulse_us:
                    self._log.write(pulse_row(self._zero_ns + start_us * 1000, output, pulse_us))


def main() -> None:
    """Serve one board."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--log", type=Path, required=True, metavar="FILE", help="write the rows here")
    arguments = parser.parse_args()
    # Line by line, so that its owner can see when the first set-point came.
    with arguments.log.open("w", encoding="utf-8", buffering=1) as log:
        core = _Core(log)
        # It stands in for the compiled one, which cannot be inherited from.
        board = TerminalBoard(cast(_board.Board, core), core.note, lambda _: None, _LONGEST_CATCH_UP_US)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: board.stop())
        with contextlib.closing(board):
            print(board.path, flush=True)
            board.run(owner())


if __name__ == "__main__":
    main()
