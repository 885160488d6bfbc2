"""The firmware on this computer, behind a pseudo-terminal.

Run ``python -m mandible.firmware_bridge.virtual_board``: the portable core that the microcontrollers run, its
period kept on the monotonic clock. The first line printed is the terminal's path. A client may close it
and come back; pulses go on as on a real board. It ends on SIGTERM or SIGINT; started with a pipe as standard
input it also ends, once every channel is detached, after the other end of the pipe has closed: a program that
is killed leaves no board behind.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from mandible.errors import DeviceError, InputError, MandibleError
from mandible.firmware_bridge import _board
from mandible.firmware_bridge.terminal_board import TerminalBoard, owner

# After a longer pause (the computer slept) the missed periods are gone, as they would be on a halted board.
_LONGEST_CATCH_UP_US = 1_000_000


class PulseLog:
    """Rows ``time_s,channel,pulse_us``, one per channel and pulse; complete after every period."""

    def __init__(self, path: Path | None) -> None:
        """Append to ``path``, with a header line if it is new; None logs nothing."""
        self._file: TextIO | None = None
        if path is not None:
            try:
                self._file = path.open("a", encoding="utf-8")
            except OSError as error:
                raise InputError(
                    f"{path}: cannot write here ({error.strerror}); name another --pulses"
                ) from error
            if self._file.tell() == 0:
                self._file.write("time_s,channel,pulse_us\n")
                self._file.flush()

    def write(self, time_us: int, pulses_us: Sequence[int]) -> None:
        """Add one period's pulses; 0 is no pulse."""
        if self._file is not None:
            for channel, pulse_us in enumerate(pulses_us):
                if pulse_us:
                    self._file.write(f"{time_us / 1e6:.6f},{channel},{pulse_us}\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


class Eeprom:
    """The board's permanent memory in a file; without a file it lasts as long as the board."""

    def __init__(self, path: Path | None) -> None:
        """Use ``path``, which need not exist yet."""
        self._path = path
        self.content = b""
        if path is not None and path.exists():
            try:
                self.content = path.read_bytes()
            except OSError as error:
                raise InputError(
                    f"{path}: cannot be read ({error.strerror}); name another --eeprom"
                ) from error

    def keep(self, content: bytes) -> None:
        """Save ``content`` if it differs from what was last read or saved."""
        if content == self.content:
            return
        self.content = content
        if self._path is not None:
            temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            temporary.write_bytes(content)
            temporary.replace(self._path)


@contextlib.contextmanager
def _linked(link: Path | None, target: str) -> Iterator[None]:
    """Let ``link`` lead to the terminal; a link left by an earlier board is replaced, a file is not."""
    if link is None:
        yield
        return
    if link.exists() and not link.is_symlink():
        raise InputError(f"{link}: is a file, not a link to an earlier board; name another --link")
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    try:
        temporary.symlink_to(target)
        temporary.replace(link)
    except OSError as error:
        raise InputError(f"{link}: cannot link here ({error.strerror}); name another --link") from error
    try:
        yield
    finally:
        # A later board may own the link by now.
        with contextlib.suppress(OSError):
            if str(link.readlink()) == target:
                link.unlink()


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="virtual_board", description=__doc__.split("\n")[0])
    parser.add_argument("--link", type=Path, metavar="PATH", help="also make PATH lead to the terminal")
    parser.add_argument("--eeprom", type=Path, metavar="FILE", help="keep the permanent memory in FILE")
    parser.add_argument("--pulses", type=Path, metavar="CSV", help="append every pulse to CSV")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a board until it is told to stop."""
    arguments = _arguments(argv)
    try:
        log, eeprom = PulseLog(arguments.pulses), Eeprom(arguments.eeprom)
        board = TerminalBoard(_board.Board(eeprom.content), log.write, eeprom.keep, _LONGEST_CATCH_UP_US)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: board.stop())
        with contextlib.closing(log), contextlib.closing(board), _linked(arguments.link, board.path):
            print(board.path, flush=True)
            board.run(owner())
    except MandibleError as error:
        print(f"virtual_board: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:  # a disk that is full, a folder that has gone
        print(f"virtual_board: {error}", file=sys.stderr)
        return DeviceError.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
