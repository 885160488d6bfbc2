"""What the line costs a computer: ``python -m mandible.benchmarks.load [PID]``.

Without PID it turns a recording into visemes and says which share of one core that takes at the speed of
speech. With PID it watches a running ``mandible run`` and its children for a minute: share of a core,
memory. ``python -m tests.measure.load`` in a source folder does both, with a microphone that is always the
same, and keeps the result in ``results/load.json``.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from mandible.api import assemble, choose
from mandible.device.audio import open_source
from mandible.device.frames import HOP_MS
from mandible.device.pipeline import drive
from mandible.device.sinks.formats import open_track
from mandible.errors import InputError

SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "puppet.wav"
RESULT = Path(__file__).resolve().parent / "results" / "load.json"
PASSES = 15
WATCH_S = 60.0
# Targets: per cent of one core, and megabytes.
FILE_PER_CENT = 1.0
LIVE_PER_CENT = 4.0
LIVE_MB = 120.0
# What the processes of a run are, by a module in their command.
ROLES = {"audio.capture_process": "microphone", "firmware_bridge.virtual_board": "virtual board"}
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat behind the program's name: user and system time, its own.
_OWN_TIMES = slice(11, 13)


def file_per_cent(sound: Path = SAMPLE, passes: int = PASSES, engine: str | None = None) -> float:
    """Return the CPU time from a recording to its track of visemes, in per cent of its length.

    One thread, everything but start-up: reading the file, the line, writing the track. The best of so many
    passes counts, since others on the computer only ever add to it.
    """
    line = assemble(*choose(None, engine, None), None)
    best_s, hops = float("inf"), 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(passes):
            line.reset()
            began_s = time.thread_time()
            with (
                open_source(str(sound)) as source,
                open_track(
                    f"{folder}/track.csv", "csv", "aligned", delay_ms=line.delay_ms, header={}
                ) as track,
            ):
                hops = drive(source, line, [track.write])
                track.close(hops * HOP_MS / 1000)
            best_s = min(best_s, time.thread_time() - began_s)
    return 100 * best_s / (hops * HOP_MS / 1000)


@dataclass(frozen=True)
class Process:
    """One process at one moment: CPU time so far, resident and proportional memory."""

    pid: int
    name: str
    cpu_s: float
    resident_mb: float
    proportional_mb: float


def processes(pid: int) -> list[Process]:
    """Return a process and all its children, as they are now.

    Raises:
        InputError: there is no such process, or it is another user's.
    """
    try:
        found = [_read(pid)]
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text(encoding="ascii").split()
        ]
    except OSError as error:
        raise InputError(f"{pid}: no process that can be watched ({error.strerror})") from None
    for child in children:
        found += processes(child)
    return found


def live_per_cent(before: list[Process], after: list[Process], seconds: float) -> list[float]:
    """Return the share of one core that each process of ``after`` took between two looks."""
    earlier = {one.pid: one.cpu_s for one in before}
    return [100 * (one.cpu_s - earlier.get(one.pid, 0.0)) / seconds for one in after]


def _read(pid: int) -> Process:
    place = Path(f"/proc/{pid}")
    fields = (place / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    ticks = sum(map(int, fields[_OWN_TIMES]))
    memory = dict.fromkeys(("Rss", "Pss"), 0.0)
    for line in (place / "smaps_rollup").read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(":")
        if name in memory:
            memory[name] = int(rest.split()[0]) / 1000
    command = (place / "cmdline").read_text(encoding="utf-8", errors="replace")
    name = (place / "comm").read_text(encoding="utf-8").strip()
    name = next((role for module, role in ROLES.items() if module in command), name)
    return Process(pid, name, ticks / _TICKS_PER_S, memory["Rss"], memory["Pss"])


def main() -> None:
    """Measure one of the two, and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pid", nargs="?", type=int, metavar="PID", help="watch this process and its children")
    parser.add_argument("--seconds", type=float, default=WATCH_S, help=f"how long (default {WATCH_S:g})")
    arguments = parser.parse_args()
    if arguments.pid is None:
        print(f"file to visemes: {file_per_cent():.2f} % of one core (target {FILE_PER_CENT:g})")
        return
    before, began_s = processes(arguments.pid), time.monotonic()
    time.sleep(arguments.seconds)
    after = processes(arguments.pid)
    shares = live_per_cent(before, after, time.monotonic() - began_s)
    for one, share in zip(after, shares, strict=True):
        print(f"{one.name} {one.pid}: {share:.2f} % of one core, {one.resident_mb:.1f} MB resident")
    print(f"together: {sum(shares):.2f} %, {sum(one.proportional_mb for one in after):.1f} MB")


if __name__ == "__main__":
    main()
