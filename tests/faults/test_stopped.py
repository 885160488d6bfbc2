"""The program is stopped for five seconds, then goes on: the puppet rested, and lives again at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mandible.firmware_bridge.protocol import LIMITS
from mandible.firmware_bridge.rig import Rig
from tests.bridge.boards import BoardProcess
from tests.cli.command import SAMPLE
from tests.faults.in_step import IN_STEP_S, lateness_s
from tests.faults.pulses import PERIOD_S, PulseWatch, parked_well, stretches
from tests.virtual.live_run import LiveRun, resident_mb, wait_for
from tests.virtual.microphone.pulse import VirtualMicrophone

STOPPED_S = 5.0
LIVE_AGAIN_S = 1.0
# At the least: the sound server may have dropped what was too old, and does not say how much.
LOST_HOPS = 10
SETTLE_S = 20.0
GROWTH_MB = 4.0


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardProcess]:
    board = BoardProcess(tmp_path)
    board.plug_in()
    yield board
    board.pull()


def test_stopped_for_five_seconds(virtual_microphone: VirtualMicrophone, board: BoardProcess) -> None:
    microphone = virtual_microphone
    watch = PulseWatch(board.pulses)
    words = ("--source", f"mic:{microphone.name}", "--rig", "skull", "--port", board.url)

    with LiveRun(*words, environment=microphone.environment) as run:
        wait_for(lambda: bool(watch.new()), SETTLE_S, "the line runs")
        started_s = time.monotonic() - len(watch.rows) * PERIOD_S
        with microphone.playing(SAMPLE):
            wait_for(watch.opens, SETTLE_S, "the mouth opens")
            before_mb = resident_mb(run.pid)
            os.kill(run.pid, signal.SIGSTOP)
            stopped_s = time.monotonic()
            resting_s = (Rig.load("skull").link.watchdog_ms + LIMITS["park_hold_ms"]) / 1000 + 0.5
            wait_for(lambda: not watch.new() and time.monotonic() - stopped_s > resting_s, SETTLE_S, "rest")
            # Not a wait for anything: this is how long it is stopped.
            threading.Event().wait(STOPPED_S - (time.monotonic() - stopped_s))
            assert not watch.new(), "a board whose host is stopped gives pulses"
            os.kill(run.pid, signal.SIGCONT)
            wait_for(lambda: bool(watch.new()), LIVE_AGAIN_S, "the mouth is moved again")
        late_s = lateness_s(microphone, watch)
        after_mb = resident_mb(run.pid)
        report, lasted_s = run.stop(), time.monotonic() - started_s
    watch.close()
    print(f"in step again: {late_s * 1000:.0f} ms; {report['dropped_hops']} hops dropped")
    assert late_s < IN_STEP_S
    assert after_mb - before_mb < GROWTH_MB
    assert report["dropped_hops"] >= LOST_HOPS
    # No more than there was time for: what was dropped counts, what was late does not come as well.
    assert report["seconds"] < lasted_s + 0.5
    rig = Rig.load("skull")
    step_us = round(rig.channels[0].speed_us_per_s * PERIOD_S)
    first = stretches(watch.rows)[0]
    assert parked_well(first, rig.channels[0].neutral_us, step_us, LIMITS["park_hold_ms"] / 1000)
