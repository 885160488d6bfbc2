"""Other programs take the whole computer: the mouth rests, nothing piles up, speech goes on afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path

from mandible.firmware_bridge.rig import Rig
from tests.bridge.boards import BoardProcess
from tests.cli.command import SAMPLE
from tests.faults.in_step import IN_STEP_S, lateness_s
from tests.faults.pulses import PERIOD_S, PulseWatch, stretches
from tests.virtual.live_run import LiveRun, resident_mb, wait_for
from tests.virtual.microphone.pulse import VirtualMicrophone

BURNERS_PER_CORE = 2
# Kind to others on this computer, and still more than two hundred times what the line gets.
BURNERS_NICE = 5
LOAD_S = 4.0
LIVE_AGAIN_S = 3.0
SETTLE_S = 30.0
GROWTH_MB = 4.0
# A pose may stand until the watchdog goes off; the ramp and looking at periods come on top.
FROZEN_S = Rig.load("skull").link.watchdog_ms / 1000 + 0.2


@contextmanager
def burning() -> Iterator[None]:
    """Keep every core busy."""
    count = BURNERS_PER_CORE * (os.cpu_count() or 1)
    command = ["nice", "-n", str(BURNERS_NICE), sys.executable, "-c", "while True: pass"]
    burners = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def let_others_go_first(pid: int) -> None:
    """Give every thread of a process only what nobody else wants."""
    schedule(pid, os.SCHED_IDLE)


def schedule(pid: int, policy: int) -> None:
    """Put every thread of a process under a policy."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setscheduler(int(thread.name), policy, os.sched_param(0))


def test_a_computer_with_no_time_to_spare(virtual_microphone: VirtualMicrophone, tmp_path: Path) -> None:
    microphone = virtual_microphone
    board = BoardProcess(tmp_path)
    board.plug_in()
    watch = PulseWatch(board.pulses)
    words = ("--source", f"mic:{microphone.name}", "--rig", "skull", "--port", board.url)

    try:
        with LiveRun(*words, environment=microphone.environment) as run:
            wait_for(lambda: bool(watch.new()), SETTLE_S, "the line runs")
            started_s = time.monotonic() - len(watch.rows) * PERIOD_S
            with microphone.playing(SAMPLE):
                wait_for(watch.opens, SETTLE_S, "the mouth opens")
                let_others_go_first(run.pid)
                before_mb = resident_mb(run.pid)
                with burning():
                    # Not a wait for anything: this is how long the computer is busy.
                    threading.Event().wait(LOAD_S)
                # Where the system allows it: others on this computer may have more to do than this test.
                with suppress(PermissionError):
                    schedule(run.pid, os.SCHED_OTHER)
                watch.new()
                wait_for(watch.opens, LIVE_AGAIN_S, "the mouth opens again")
                after_mb = resident_mb(run.pid)
            late_s = lateness_s(microphone, watch)
            report, lasted_s = run.stop(), time.monotonic() - started_s
    finally:
        board.pull()
    watch.new()
    watch.close()
    link = report["link"]
    lost = report["dropped_hops"] + link["dropped"] + link["skipped"]
    print(f"{report['dropped_hops']} hops and {lost - report['dropped_hops']} poses lost, rests:", end=" ")
    print(len(stretches(watch.rows)) - 1)
    assert lost > 0, "the line had all the time it wanted: the test tested nothing"
    assert longest_open_s(watch) < FROZEN_S
    assert after_mb - before_mb < GROWTH_MB
    # What was dropped counts, and what was late does not come as well.
    assert report["seconds"] < lasted_s + 0.5
    assert late_s < IN_STEP_S


def longest_open_s(watch: PulseWatch) -> float:
    """Return the longest time that the jaw stood still anywhere but at rest."""
    neutral_us = Rig.load("skull").channels[0].neutral_us
    still = groupby(watch.rows, lambda row: row.pulse_us)
    return PERIOD_S * max(len(list(rows)) for pulse_us, rows in still if pulse_us != neutral_us)
