"""Somebody else's controller made a board: the firmware's core in a process of its own, in front of a driver.

Run ``python -m mandible.firmware_bridge.supervisor URL``. The first line printed is the path of a terminal on
which a board answers, or ``no board:`` and why (then the exit code is 2 or 3). Planner, limits, slew and
watchdog are the firmware's own, so a host that dies or hangs leaves a mouth that ramps to neutral and is
detached. The process then ends, too, if standard input was a pipe from its host. SIGTERM and SIGINT park
first; a second one detaches at once. A device that vanishes or blocks ends the process with one line: the
host starts another one when the device is back.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TextIO

from mandible.errors import DeviceError, MandibleError
from mandible.firmware_bridge import _board
from mandible.firmware_bridge.drivers.driver import Driver
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.protocol import BOARDS
from mandible.firmware_bridge.terminal_board import TerminalBoard, owner
from mandible.firmware_bridge.virtual_process import NO_BOARD
from mandible.wording import one_line

# A driver blocks for a few ms at most; a device that takes this long has gone.
_STUCK_S = 1.0
# More than a driver has to say of twelve servos; a device that makes things up is cut short.
_MOST_REPORTS = 50
# A servo that comes late must not be given many steps at once: what was missed stays missed.
_CATCH_UP_US = 0


class GuardedDriver:
    """Ends a driver's wait for a device that blocks."""

    def __init__(self, driver: Driver) -> None:
        """Guard ``driver``; to be used in the main thread, where signals arrive."""
        self._driver = driver
        self._waiting = False
        self._reported: set[str] = set()
        signal.signal(signal.SIGALRM, self._alarm)

    def give(self, _start_us: int, pulses_us: Sequence[int]) -> None:
        """Pass the pulses on. Raises OSError when the device is gone, TimeoutError when it blocks."""
        # Anew each time, so that it never goes off in a wait that is none: not every ioctl survives a signal.
        signal.setitimer(signal.ITIMER_REAL, _STUCK_S)
        self._waiting = True
        try:
            self._driver.give(pulses_us)
            self._report()
        finally:
            self._waiting = False

    def close(self) -> None:
        """Close the driver, whatever its device does."""
        signal.setitimer(signal.ITIMER_REAL, _STUCK_S)
        self._waiting = True
        try:
            with contextlib.suppress(OSError):
                self._driver.close()
        finally:
            self._waiting = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _report(self) -> None:
        """Say what the driver has found wrong with a device that goes on: each thing once."""
        problem: str | None = getattr(self._driver, "problem", None)
        if problem is not None and problem not in self._reported and len(self._reported) < _MOST_REPORTS:
            self._reported.add(problem)
            with contextlib.suppress(OSError):
                print(f"mandible: {one_line(problem)}", file=sys.stderr, flush=True)

    def _alarm(self, _number: int, _frame: FrameType | None) -> None:
        # A process that was stopped for a while finds the alarm when it goes on; nothing was stuck.
        if self._waiting:
            raise TimeoutError("the device blocks")


def supervise(driver: Driver, host: TextIO) -> None:
    """Be a board with ``driver`` for its servos until told to stop; its terminal's path goes to ``host``.

    Raises DeviceError when the device goes.
    """
    core = _board.Board(
        channels=driver.outputs, shortest_period_us=driver.period_us, board_id=BOARDS["bridge"]
    )
    guarded = GuardedDriver(driver)
    with contextlib.closing(guarded):
        board = TerminalBoard(core, guarded.give, _forget, _CATCH_UP_US)

        def leave(*_: object) -> None:
            # The second time is for whoever cannot wait.
            if board.parking:
                board.stop()
            board.park()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        with contextlib.closing(board):
            print(board.path, file=host, flush=True)
            try:
                board.run(owner())
            except OSError as error:
                raise DeviceError(f"{driver.name} is gone ({error.strerror or error})") from error
            except Exception as error:
                raise DeviceError(f"{driver.name}: {_stumbled(error)}") from error


def _stumbled(error: Exception) -> str:
    return f"its driver stumbled over {type(error).__name__}: {error}; please report it"


def _open(text: str) -> Driver:
    url = parse_port_url(text)
    try:
        return open_driver(url)
    except MandibleError:
        raise
    except OSError as error:
        raise DeviceError(f"{url.text}: {error}") from error
    except Exception as error:
        raise DeviceError(f"{url.text}: {_stumbled(error)}") from error


def _forget(_memory: bytes) -> None:
    """Keep no permanent memory: the host stores its rig's limits after every start."""


def main(argv: Sequence[str] | None = None) -> int:
    """Supervise the controller that the command line names."""
    parser = argparse.ArgumentParser(prog="supervisor", description=__doc__.split("\n")[0])
    parser.add_argument("url", help="port URL of a controller, such as maestro:///dev/ttyACM0")
    arguments = parser.parse_args(argv)
    # Libraries print; the host reads one line and no more.
    host = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        return _serve(arguments.url, host)


def _serve(url: str, host: TextIO) -> int:
    try:
        driver = _open(url)
    except MandibleError as error:
        print(f"{NO_BOARD}{one_line(str(error))}", file=host, flush=True)
        return error.exit_code
    try:
        supervise(driver, host)
    except (MandibleError, BrokenPipeError) as error:  # its host was gone before it could read
        with contextlib.suppress(OSError):
            print(f"mandible: {one_line(str(error))}", file=sys.stderr)
        return DeviceError.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
