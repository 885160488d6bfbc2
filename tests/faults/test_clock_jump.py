"""Somebody, or a time server, sets the clock by an hour while a mouth moves: nothing notices."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

from tests.bridge.boards import BoardProcess
from tests.cli.command import SAMPLE, succeed
from tests.faults.pulses import PERIOD_S, PulseWatch
from tests.virtual.live_run import LiveRun, wait_for

SOURCE = Path(__file__).with_name("wall_clock.c")
LIMIT_S = 20.0
DURATION_S = 6
AN_HOUR_S = 3600
# What a busy computer may lose by itself.
FEW_POSES = 40


class WallClock:
    """A wall clock of its own for the processes that run with ``environment``."""

    def __init__(self, folder: Path) -> None:
        """Build what is preloaded into them."""
        library = folder / "wall_clock.so"
        warnings = ("-Wall", "-Wextra", "-Werror", "-Wno-pedantic")
        output = ("-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl")
        subprocess.run(["gcc", "-std=gnu99", "-O2", *warnings, *output], check=True)
        self._file = folder / "clock"
        self._file.write_bytes(bytes(8))
        preload = {"LD_PRELOAD": str(library), "MANDIBLE_TEST_CLOCK": str(self._file)}
        self.environment = {**os.environ, **preload}

    def set(self, ahead_s: int) -> None:
        """Set it so much ahead of the real one, for all of them at once."""
        with self._file.open("r+b") as file:
            file.write(ahead_s.to_bytes(8, sys.byteorder, signed=True))


def wall_s(environment: dict[str, str]) -> int:
    """Return what ``date`` says."""
    return int(subprocess.run(["date", "+%s"], env=environment, capture_output=True, check=True).stdout)


def test_an_hour_more_and_an_hour_less_change_nothing(tmp_path: Path) -> None:
    clock = WallClock(tmp_path)
    environment = clock.environment
    out = tmp_path / "out"
    out.mkdir()
    board = BoardProcess(tmp_path, environment)
    board.plug_in()
    watch = PulseWatch(board.pulses)

    def goes_on(pulses: int) -> None:
        seen = len(watch.rows)
        wait_for(lambda: bool(watch.new()) and len(watch.rows) >= seen + pulses, LIMIT_S, "the mouth moves")

    words = ("--source", SAMPLE, "--rig", "skull", "--port", board.url, "-o", out / "live.csv")
    try:
        with LiveRun(*words, "--duration", str(DURATION_S), environment=environment) as run:
            goes_on(25)
            before_s = wall_s(environment)
            for hours in (1, -1):
                clock.set(hours * AN_HOUR_S)
                assert abs(wall_s(environment) - before_s - hours * AN_HOUR_S) < 60
                goes_on(75)
            link = run.ended()["link"]
        watch.new()
    finally:
        watch.close()
        board.pull()
    assert link["reconnects"] == 0
    assert link["dropped"] + link["skipped"] <= FEW_POSES
    gaps_s = [after.time_s - before.time_s for before, after in itertools.pairwise(watch.rows)]
    assert max(gaps_s) < 1.5 * PERIOD_S
    calm = ("--source", SAMPLE, "--rig", "skull", "--port", "none:", "-o", out / "calm.csv")
    succeed("run", *calm, "--duration", str(DURATION_S))
    assert (out / "live.csv").read_bytes() == (out / "calm.csv").read_bytes()
