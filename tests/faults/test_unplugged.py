"""The cable comes out fifty times, at any moment: the puppet rests every time, and moves again every time."""

from __future__ import annotations

import dataclasses
import gc
import os
import random
import shlex
import statistics
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from mandible.device.frames import Frame
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.protocol import LIMITS
from mandible.firmware_bridge.rig import Rig
from tests.bridge.boards import BoardProcess
from tests.cli.command import SAMPLE
from tests.faults.cable import Cable
from tests.faults.pulses import PERIOD_S, PulseWatch, parked_well, stretches
from tests.virtual.live_run import LiveRun, resident_mb, wait_for
from tests.voices.sentences import SEED_VARIABLE, fresh_seed

# Five puppets at once, ten times each: most of an unplugging is waiting for the board to rest.
PUPPETS = 5
TIMES = 10
BACK_S = 1.0
SETTLE_S = 3.0
START_S = 20.0
# Longer than any message: the cable parts between two of them, too.
MOST_BYTES = 60
GROWTH_BYTES = 64_000
GROWTH_MB = 2.0
OPEN_US = 1700
WATCHDOG_MS = LIMITS["watchdog_min_ms"]


def quick_skull() -> Rig:
    """Return the skull with the shortest watchdog, so that fifty rests take seconds."""
    rig = Rig.load("skull")
    return dataclasses.replace(rig, link=dataclasses.replace(rig.link, watchdog_ms=WATCHDOG_MS))


class Puppet:
    """A board with its own supply, a cable, a link, and somebody who talks all the time."""

    def __init__(self, rig: Rig, folder: Path, stack: ExitStack) -> None:
        folder.mkdir()
        board = BoardProcess(folder)
        board.plug_in()
        stack.callback(board.pull)
        self.rig = rig
        self.cable = stack.enter_context(Cable(os.path.realpath(board.path), folder / "cable"))
        self.cable.plug_in()
        self.watch = PulseWatch(board.pulses)
        stack.callback(self.watch.close)
        self.link = stack.enter_context(Link(f"virtual:{self.cable.path}", rig))
        self.link.wait_ready()
        self._end = threading.Event()
        self._talker = threading.Thread(target=self._talk, name="talker")
        self._talker.start()
        stack.callback(self._talker.join)
        stack.callback(self._end.set)

    def unplug_and_return(self, dice: random.Random) -> float:
        """Pull at a random moment, see the board rest, plug in; return how long the link took to be back."""
        wait_for(self.is_open, SETTLE_S, "the mouth opens")
        self._end.wait(dice.uniform(0, 0.05))
        self.cable.pull(dice.randrange(MOST_BYTES))
        pulled_s = time.monotonic()
        wait_for(lambda: not self.link.status().connected, BACK_S, "the link notices")
        wait_for(self._pulses_have_stopped, SETTLE_S, "the board lets go")
        # The host did nothing for this: it cannot reach the board.
        assert time.monotonic() - pulled_s >= WATCHDOG_MS / 1000
        acked = self.link.status().acked
        self.cable.plug_in()
        return wait_for(lambda: self.link.status().acked > acked, SETTLE_S, "the link is back")

    def _talk(self) -> None:
        pcm = np.zeros(160, np.int16)
        index = 0
        while not self._end.wait(0.01):
            self.link.send(Frame(index, 0, pcm, pulses_us=(OPEN_US,), emitted_ns=time.monotonic_ns()))
            index += 1

    def is_open(self) -> bool:
        return any(row.pulse_us == OPEN_US for row in self.watch.new()[-3:])

    def _pulses_have_stopped(self) -> bool:
        return not self._end.wait(4 * PERIOD_S) and not self.watch.new()


@pytest.fixture
def puppets(tmp_path: Path) -> Iterator[list[Puppet]]:
    rig = quick_skull()
    with ExitStack() as stack:
        yield [Puppet(rig, tmp_path / str(number), stack) for number in range(PUPPETS)]


def held() -> tuple[int, int]:
    """Return how many descriptors and threads this process has."""
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def traced_bytes() -> int:
    """Return what the bridge's code has allocated and not given back since tracing began."""
    gc.collect()
    theirs = tracemalloc.Filter(True, "*/firmware_bridge/*")
    return sum(one.size for one in tracemalloc.take_snapshot().filter_traces([theirs]).statistics("filename"))


def test_fifty_times_unplugged_and_back_within_a_second(puppets: list[Puppet]) -> None:
    seed = fresh_seed()
    print(f"{SEED_VARIABLE}={seed}")
    dice = [random.Random(seed + number) for number in range(PUPPETS)]
    back_s: list[float] = []
    with ThreadPoolExecutor(PUPPETS) as together:
        for turn in range(TIMES):
            back_s += together.map(Puppet.unplug_and_return, puppets, dice)
            if turn == 0:
                first = held()
                tracemalloc.start()
            if turn == 1:
                traced = traced_bytes()
        assert held() == first
        growth_bytes = traced_bytes() - traced
        tracemalloc.stop()
    print(f"back after {statistics.median(back_s):.2f} s, at most {max(back_s):.2f} s, {growth_bytes} bytes")
    assert growth_bytes < GROWTH_BYTES
    assert max(back_s) < BACK_S, sorted(back_s)[-5:]
    channel = quick_skull().channels[0]
    step_us = round(channel.speed_us_per_s * PERIOD_S)
    for puppet in puppets:
        assert puppet.link.status().reconnects == TIMES
        wait_for(puppet.is_open, SETTLE_S, "the mouth opens for the last time")
        *rested, _ = stretches(puppet.watch.rows)
        assert len(rested) == TIMES
        hold_s = LIMITS["park_hold_ms"] / 1000
        assert all(parked_well(one, channel.neutral_us, step_us, hold_s) for one in rested)


@pytest.mark.full
def test_a_board_that_loses_its_supply_fifty_times_leaves_nothing_behind_in_the_program(
    tmp_path: Path,
) -> None:
    board = BoardProcess(tmp_path)
    board.plug_in()
    speech = f"while :; do tail -c +45 {shlex.quote(str(SAMPLE))}; done"
    loop = f"cmd:sh -c {shlex.quote(speech)}"
    seed = fresh_seed()
    print(f"{SEED_VARIABLE}={seed}")
    dice = random.Random(seed)
    moment = threading.Event().wait
    try:
        with LiveRun("--source", loop, "--realtime", "--rig", "skull", "--port", board.url) as run:
            wait_for(lambda: len(board.rows()) > 0, START_S, "the mouth moves")
            descriptors = Path(f"/proc/{run.pid}/fd")
            first = len(list(descriptors.iterdir()))
            before_mb = resident_mb(run.pid)
            for _ in range(PUPPETS * TIMES):
                moment(dice.uniform(0.1, 0.5))
                board.pull()
                board.pulses.unlink()
                moment(dice.uniform(0.0, 0.5))
                board.plug_in()
                wait_for(lambda: len(board.rows()) > 0, BACK_S, "the mouth moves again")
            assert len(list(descriptors.iterdir())) == first
            assert resident_mb(run.pid) - before_mb < GROWTH_MB
            assert run.stop()["link"]["reconnects"] == PUPPETS * TIMES
    finally:
        board.pull()
