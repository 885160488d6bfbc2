"""What a virtual board's pulses tell, from the log that it writes while it runs."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import NamedTuple

PERIOD_S = 0.02
OPEN_US = 1450


class Row(NamedTuple):
    """One pulse: seconds since the board was switched on, output, width."""

    time_s: float
    output: int
    pulse_us: int


class PulseWatch:
    """Reads the rows of one log as they come."""

    def __init__(self, path: Path) -> None:
        self.rows: list[Row] = []
        self._file = path.open(encoding="utf-8")
        self._rest = ""

    def close(self) -> None:
        """Close the log."""
        self._file.close()

    def new(self) -> list[Row]:
        """Return the rows that have come since the last call."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        fields = (line.split(",") for line in lines if not line.startswith("time_s"))
        rows = [Row(float(time_s), int(output), int(pulse_us)) for time_s, output, pulse_us in fields]
        self.rows += rows
        return rows

    def opens(self) -> bool:
        """Tell whether the skull's jaw was about half open, or more, since the last look."""
        return any(row.pulse_us > OPEN_US for row in self.new())

    def rests(self) -> bool:
        """Tell whether the jaw has stood still for the last half second."""
        self.new()
        latest = self.rows[-round(0.5 / PERIOD_S) :]
        return len({row.pulse_us for row in latest}) == 1


def stretches(rows: list[Row]) -> list[list[Row]]:
    """Cut one output's rows where pulses stopped for more than two periods."""
    cut: list[list[Row]] = []
    for row in rows:
        if not cut or row.time_s - cut[-1][-1].time_s > 2.5 * PERIOD_S:
            cut.append([])
        cut[-1].append(row)
    return cut


def parked_well(stretch: list[Row], neutral_us: int, step_us: int, hold_s: float) -> bool:
    """Tell whether pulses went to neutral no faster than ``step_us`` a period, rested there, and stopped."""
    resting = list(itertools.takewhile(lambda row: row.pulse_us == neutral_us, reversed(stretch)))
    steps = [abs(after.pulse_us - before.pulse_us) for before, after in itertools.pairwise(stretch)]
    return len(resting) * PERIOD_S >= hold_s - PERIOD_S and max(steps, default=0) <= step_us + 1
