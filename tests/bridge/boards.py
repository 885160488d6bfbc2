"""Virtual boards in processes of their own, for tests that pull the cable or kill the host."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


class BoardProcess:
    """A virtual board behind the link ``path``; stopping it is pulling the cable."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """Name its files in ``folder``; ``plug_in`` starts it, with other variables than ours if given."""
        self._environment = environment
        self.path = folder / "board"
        self.pulses = folder / "pulses.csv"
        self._eeprom = folder / "eeprom"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Port URL that leads to it."""
        return f"virtual:{self.path}"

    def plug_in(self) -> None:
        """Start the board; its terminal is there when this returns."""
        command = [sys.executable, "-m", "mandible.firmware_bridge.virtual_board", "--link", str(self.path)]
        files = ["--eeprom", str(self._eeprom), "--pulses", str(self.pulses)]
        # No pipe as standard input: the board must outlive whoever uses it.
        self._process = subprocess.Popen(
            [*command, *files], env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith(b"/dev/")

    def signal(self, number: int) -> None:
        """Send a signal to the board's process: one that is stopped is a board that hangs."""
        assert self._process is not None
        self._process.send_signal(number)

    def pull(self) -> None:
        """Kill the board, terminal and all."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def rows(self) -> list[tuple[float, int, int]]:
        """Return (time in s, output, pulse in µs) of every pulse so far."""
        with self.pulses.open(encoding="utf-8") as file:
            return [(float(r["time_s"]), int(r["channel"]), int(r["pulse_us"])) for r in csv.DictReader(file)]
