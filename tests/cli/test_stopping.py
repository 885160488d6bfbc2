"""A signal ends a verb cleanly: files whole or absent, no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, SAMPLE

LIMIT_S = 30


def wait_for(folder: Path, pattern: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not any(folder.glob(pattern)):
        assert time.monotonic() < deadline, f"no {pattern} appeared"
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_keeps_what_it_heard(number: signal.Signals, tmp_path: Path) -> None:
    words = [
        "run",
        "--source",
        SAMPLE,
        "--realtime",
        "-o",
        tmp_path / "x.csv",
        "--record",
        tmp_path / "x.wav",
    ]
    with subprocess.Popen([*COMMAND, *map(str, words)], stderr=subprocess.PIPE) as running:
        wait_for(tmp_path, ".x.wav*")
        running.send_signal(number)
        _, complaints = running.communicate(timeout=LIMIT_S)
    assert running.returncode == 0, complaints.decode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv", "x.wav"]


def test_bake_leaves_no_workers_and_no_partial_files(tmp_path: Path) -> None:
    takes, tracks = tmp_path / "takes", tmp_path / "tracks"
    takes.mkdir()
    for number in range(200):
        (takes / f"{number}.wav").write_bytes(SAMPLE.read_bytes())
    words = ["bake", takes, "-o", tracks, "--jobs", "2"]
    baking = subprocess.Popen(
        [*COMMAND, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    wait_for(tracks, "*.csv")
    baking.terminate()
    # A worker that lived on would hold the pipes open.
    _, complaints = baking.communicate(timeout=LIMIT_S)
    assert baking.returncode == 130, complaints.decode()
    assert b"Traceback" not in complaints
    assert [path for path in tracks.iterdir() if path.suffix != ".csv"] == []
    with pytest.raises(ProcessLookupError):
        os.killpg(baking.pid, 0)
