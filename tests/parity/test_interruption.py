"""A signal ends ``mandible parity`` at once, with every program that it runs and every file of theirs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mandible.errors import DeviceError
from mandible.quantize import programs
from tests.cli.command import COMMAND
from tests.cli.test_stopping import LIMIT_S, wait_for

SOON_S = 3.0
# A compiler that starts another program and waits for it, as gcc does.
COMPILER = """#!/bin/sh
for folder in "$TMPDIR"/mandible-parity-*; do touch "$folder/started"; done
sleep 60 &
wait
"""


def _interrupted(temporary: Path, started: str, number: signal.Signals, *words: str, **more: str) -> None:
    """Run the command, send the signal to it alone once a file is there, and see that nothing is left."""
    environment = {**os.environ, "TMPDIR": str(temporary), **more}
    command = [*COMMAND, "parity", "nano", "--random-hops", "10", *words]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as running:
        wait_for(temporary, started)
        before_s = time.monotonic()
        running.send_signal(number)
        _, complaints = running.communicate(timeout=LIMIT_S)
        assert time.monotonic() - before_s < SOON_S
    assert running.returncode == 130, complaints.decode()
    assert b"Traceback" not in complaints
    assert not list(temporary.iterdir())
    assert not _processes_of(temporary)


def _processes_of(temporary: Path) -> list[int]:
    """Return the processes whose environment names the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:  # gone, or somebody else's
            continue
        if f"TMPDIR={temporary}".encode() in environment:
            found.append(int(process.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_simulators_end_with_the_command(number: signal.Signals, tmp_path: Path) -> None:
    words = ("--against", "cortex-m0plus,cortex-m3", "--hops", "3000")
    _interrupted(tmp_path, "mandible-rp2040-*/request.json", number, *words)


def test_a_compilers_own_programs_end_too(tmp_path: Path) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    _interrupted(temporary, "mandible-parity-*/started", signal.SIGTERM,
                 "--against", "exported-c", "--hops", "10", CC=str(compiler))  # fmt: skip


def test_what_another_thread_waits_for_is_ended_and_nothing_new_begins(tmp_path: Path) -> None:
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            programs.run(["/bin/sh", "-c", f"touch '{tmp_path}/started'; sleep 60"], 60)
        except programs.EndedError as error:
            ended.append(error)

    waiting = threading.Thread(target=wait)
    with programs.endable() as end:
        waiting.start()
        wait_for(tmp_path, "started")
        end()
        waiting.join(SOON_S)
        assert len(ended) == 1
        with pytest.raises(programs.EndedError, match="not started"):
            programs.run([sys.executable, "--version"], 60)
    assert programs.run([sys.executable, "-c", "print(1)"], 60).stdout == b"1\n"


def test_what_takes_too_long_ends_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(programs.LateError, match=r"^/bin/sh did not finish within 1 s and was ended; wait$"):
        programs.run(["/bin/sh", "-c", "sleep 60 & wait"], 0.6, remedy="wait")
    assert not _processes_of(tmp_path)


def test_what_does_not_heed_is_made_to_end(tmp_path: Path) -> None:
    before_s = time.monotonic()
    with pytest.raises(programs.LateError):
        programs.run(["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"], 0.3)
    assert time.monotonic() - before_s < SOON_S


def test_input_and_output_pass_unchanged() -> None:
    given = bytes(range(256)) * 1000
    done = programs.run(["cat"], 60, given)
    assert (done.stdout, done.stderr, done.returncode) == (given, b"", 0)
    assert programs.run(["cat"], 60).stdout == b""


def test_what_cannot_be_started_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    program = tmp_path / "garbage"
    program.write_bytes(bytes(100))
    program.chmod(0o755)
    with pytest.raises(DeviceError, match=rf"^{program} cannot be run \(Exec format error\); wait$"):
        programs.run([str(program)], 60, remedy="wait")
    with pytest.raises(DeviceError, match=rf"^{program} cannot be run \(Exec format error\)$"):
        programs.run([str(program)], 60)
