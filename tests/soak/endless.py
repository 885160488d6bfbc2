"""The line and a board, fed one recording over and over: ``python -m tests.soak.endless WAV --minutes 60``.

A process of its own, so that its memory is nobody else's. Time is virtual: host and firmware core advance
together a millisecond at a time, as fast as the computer can, so a busy one changes nothing. Prints what
happened as one JSON object.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import time
import tracemalloc
from pathlib import Path

import numpy as np

from mandible.api import build_line
from mandible.device.audio import open_source
from mandible.device.frames import HOP_NS, Frame
from mandible.device.pipeline import Line
from mandible.firmware_bridge import _board
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session
from tests.bridge.bench import Bench

HOP_US = HOP_NS // 1000
US_PER_MINUTE = 60_000_000
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Endless:
    """One recording in a loop through a line to a board.

    Attributes:
        hops: heard so far.
        loops: one digest of decoder output and one of the pins' pulses for every whole loop.
    """

    def __init__(self, line: Line, bench: Bench, sound: list[np.ndarray]) -> None:
        self.hops = 0
        self.loops: list[tuple[str, str]] = []
        self._line, self._bench, self._sound = line, bench, sound
        self._visemes, self._pins = hashlib.sha256(), hashlib.sha256()

    def hear(self, now_us: int) -> tuple[int, ...] | None:
        """Take the hop that ends now through the line; return its pulses."""
        frame = Frame(self.hops, now_us * 1000, self._sound[self.hops % len(self._sound)])
        done = self._line.step(frame)
        assert done.weights is not None
        assert done.viseme is not None
        self._visemes.update(bytes([done.viseme, done.openness or 0, *done.weights.tolist()]))
        self.hops += 1
        return done.pulses_us

    def loop(self) -> None:
        """Let one whole loop pass."""
        self._visemes, self._pins = hashlib.sha256(), hashlib.sha256()
        self._bench.pulses.clear()
        self._bench.run(len(self._sound) * HOP_US, self.hear)
        for _, pulses_us in self._bench.pulses:
            self._pins.update(np.array(pulses_us, "<u2").tobytes())
        self.loops.append((self._visemes.hexdigest(), self._pins.hexdigest()))


def board_of(rig: Rig) -> Bench:
    """Return a bench whose board has stored the rig's limits."""
    bench = Bench(Session(rig, 0), _board.Board(b""))
    bench.run_until(Phase.UNCALIBRATED)
    bench.session.store(bench.now_us)
    bench.run_until(Phase.READY)
    # Frames fall on whole hops from here on.
    bench.run(HOP_US - bench.now_us % HOP_US)
    return bench


def resident_bytes() -> int:
    """Return this process's resident memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES


def main() -> None:
    """Run, and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sound", metavar="WAV")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--engine", help="default: the line's own choice")
    parser.add_argument("--rig", default="skull")
    parser.add_argument("--trace", action="store_true", help="follow Python's allocations as well")
    arguments = parser.parse_args()
    with open_source(arguments.sound) as source:
        sound = [frame.pcm for frame in source]
    rig = Rig.load(arguments.rig)
    bench = board_of(rig)
    endless = Endless(build_line(engine=arguments.engine, rig=rig), bench, sound)
    loops = max(2, round(arguments.minutes * US_PER_MINUTE / HOP_US / len(sound)))
    resident, traced = [], []
    if arguments.trace:
        tracemalloc.start()
    start_s = time.monotonic()
    for _ in range(loops):
        endless.loop()
        resident.append(resident_bytes())
        # What waits for the collector is no growth.
        gc.collect()
        traced.append(tracemalloc.get_traced_memory()[0])
    session = bench.session
    report = {
        "hops": endless.hops,
        "times_real_time": endless.hops * HOP_US / 1e6 / (time.monotonic() - start_s),
        "visemes": [visemes for visemes, _ in endless.loops],
        "pins": [pins for _, pins in endless.loops],
        "sent": session.exchange.sent["move"],
        "answered": session.exchange.replied["move"],
        "lost": session.exchange.lost["move"],
        "skipped": session.skipped,
        "refused": session.refusals.total(),
        "greetings": session.greetings,
        "resident_bytes": resident,
        "traced_bytes": traced,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
