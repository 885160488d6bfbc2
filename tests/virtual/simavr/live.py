"""The simulated Arduino Uno in real time behind a pseudo-terminal, as a program would find a real one.

``python -m tests.virtual.simavr.live --log FILE`` prints the terminal's path and serves until standard input
closes. The chip's cycles follow the monotonic clock: an instant that this process missed is made up for, so
a pulse's time in the log is exact even where the computer was busy. The log is that of a watched board:
``mandible.benchmarks.lateness.board_log``; pulses are logged as they stood on the pin.
"""

from __future__ import annotations

import argparse
import os
import select
import sys
import time
import tty
from pathlib import Path
from typing import TextIO

from mandible.benchmarks.lateness.board_log import move_row, pulse_row
from mandible.firmware_bridge.protocol import Decoder
from tests.virtual.simavr.uno import SimulatedUno

TICK_S = 0.001
CHUNK_BYTES = 4096


def main() -> None:
    """Serve one board."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--log", type=Path, required=True, metavar="FILE", help="write the rows here")
    arguments = parser.parse_args()
    # Line by line, so that a test can see when the first set-point came.
    with arguments.log.open("w", encoding="utf-8", buffering=1) as log, SimulatedUno() as uno:
        LiveUno(uno, log).serve()


class LiveUno:
    """One chip, its serial line led to a terminal."""

    def __init__(self, uno: SimulatedUno, log: TextIO) -> None:
        self._uno, self._log = uno, log
        # The client's side stays open here too: a client that closes it is no event, as on a real cable.
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self._path = os.ttyname(slave)
        self._start_ns = time.monotonic_ns()
        self._decoder = Decoder()

    def serve(self) -> None:
        """Run the chip until standard input closes."""
        print(self._path, flush=True)
        stdin = sys.stdin.fileno()
        under_way: list[tuple[float, int]] = []
        while True:
            readable = select.select([self._master, stdin], [], [], TICK_S)[0]
            if stdin in readable and not os.read(stdin, CHUNK_BYTES):
                return
            data = os.read(self._master, CHUNK_BYTES) if self._master in readable else b""
            now_ns = time.monotonic_ns()
            now_us = (now_ns - self._start_ns) / 1000
            self._uno.advance(now_us)
            self._uno.send(data, self._uno.now_us)
            self._note_moves(data, now_ns)
            under_way += self._uno.received()
            arrived = bytes(byte for at_us, byte in under_way if at_us <= now_us)
            under_way = under_way[len(arrived) :]
            if arrived:
                os.write(self._master, arrived)
            for pulse in self._uno.pulses():
                start_ns = self._start_ns + round(pulse.start_us * 1000)
                self._log.write(pulse_row(start_ns, pulse.channel, pulse.width_us))

    def _note_moves(self, data: bytes, now_ns: int) -> None:
        for message in self._decoder.feed(data):
            if message.name == "move":
                self._log.write(move_row(message, now_ns, self._start_ns))


if __name__ == "__main__":
    main()
