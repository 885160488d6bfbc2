"""The disk is full in the middle of a performance: the mouth goes on, and nothing is half there.

A limit on the size of files stands for the disk: the system refuses in the same call, with another number,
and no other file of this computer suffers.
"""

from __future__ import annotations

import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.bridge.boards import BoardProcess
from tests.cli.command import SAMPLE
from tests.faults.pulses import PulseWatch
from tests.virtual.live_run import LiveRun

# Two seconds of recorded sound, or about as much of a track with every weight.
FULL_BYTES = 64 * 1024
DURATION_S = 7
# Pulses at 50 Hz for the whole time, but for the beginning.
ENOUGH_PULSES = 50 * (DURATION_S - 2)


def fill_disk() -> None:
    """From here on no file of this process grows beyond the limit."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, FULL_BYTES))


def perform(folder: Path, option: str, name: str) -> None:
    """Speak and write until the disk is full, and see that only the writing ends."""
    out = folder / "out"
    out.mkdir(parents=True)
    board = BoardProcess(folder)
    board.plug_in()
    words = ("--source", SAMPLE, "--rig", "skull", "--port", board.url, "--duration", str(DURATION_S))
    try:
        with LiveRun(*words, option, out / name, prepare=fill_disk) as run:
            report = run.ended(exit_code=1)
            # What a busy computer did not get to the board is told as well, and is no matter here.
            said = [line for line in run.complaints() if "never reached" not in line]
        watch = PulseWatch(board.pulses)
        watch.new()
        watch.close()
    finally:
        board.pull()
    assert len(said) == 1, said
    assert name in said[0]
    assert "too large" in said[0]
    assert report["seconds"] == pytest.approx(DURATION_S, abs=0.1)
    assert len(watch.rows) > ENOUGH_PULSES
    # Late words still open it.
    assert max(row.pulse_us for row in watch.rows[-100:]) > min(row.pulse_us for row in watch.rows) + 100
    assert list(out.iterdir()) == []


def test_the_mouth_goes_on_when_a_recording_or_a_track_cannot(tmp_path: Path) -> None:
    outputs = [("--record", "heard.wav"), ("-o", "track.jsonl")]
    with ThreadPoolExecutor() as together:
        for done in [together.submit(perform, tmp_path / name, option, name) for option, name in outputs]:
            done.result()
