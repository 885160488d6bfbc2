"""However often and however fast somebody asks a run to stop, it ends, and the servos are let go."""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import sys
import time
import tty
from collections.abc import Iterator

import pytest

from mandible.device.daemon.outputs import Losable
from mandible.errors import InputError
from mandible.firmware_bridge.protocol import Decoder, encode
from mandible.firmware_bridge.virtual_process import VirtualProcess
from mandible.saying import say
from tests.cli.command import SAMPLE
from tests.virtual.live_run import COMMAND

LIMIT_S = 20.0
ANSWER_S = 2.0
# Two signals that come so close meet the run while it parks.
BETWEEN_S = 0.03
HOPS_UNTIL_IT_MOVES = 60


@pytest.fixture
def board() -> Iterator[VirtualProcess]:
    process = VirtualProcess()
    yield process
    process.end()


def attached_mask(board: VirtualProcess) -> int:
    """Ask the board which servos it holds."""
    port = os.open(board.path, os.O_RDWR | os.O_NOCTTY)
    try:
        tty.setraw(port)
        os.write(port, encode("query", 1))
        decoder, end_s = Decoder(), time.monotonic() + ANSWER_S
        while time.monotonic() < end_s:
            if select.select([port], [], [], 0.1)[0]:
                for message in decoder.feed(os.read(port, 4096)):
                    if message.name == "state":
                        return message.number("attached_mask")
    finally:
        os.close(port)
    raise AssertionError("the board does not answer")


@pytest.mark.parametrize("signals", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGHUP)])
def test_a_second_signal_does_not_stop_the_parking(
    board: VirtualProcess, signals: tuple[signal.Signals, ...]
) -> None:
    words = ("--source", SAMPLE, "--port", f"virtual:{board.path}", "--output", "-", "--format", "jsonl")
    run = subprocess.Popen(
        [*COMMAND, "run", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert run.stdout is not None
        for _ in range(HOPS_UNTIL_IT_MOVES):
            assert run.stdout.readline()
        for number in signals:
            run.send_signal(number)
            time.sleep(BETWEEN_S)
        _, complaint = run.communicate(timeout=LIMIT_S)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == 0, complaint
    assert attached_mask(board) == 0


def test_two_signals_at_once_end_a_run_that_waits_for_sound() -> None:
    for _ in range(3):
        run = subprocess.Popen(
            [*COMMAND, "run", "--source", "-", "-o", os.devnull],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert run.stdin is not None
            run.stdin.write(bytes(3200))
            run.stdin.flush()
            time.sleep(0.6)
            run.send_signal(signal.SIGHUP)
            run.send_signal(signal.SIGTERM)
            run.wait(LIMIT_S)
        finally:
            run.kill()
            run.wait()
            run.stdin.close()


class Deaf(io.StringIO):
    """A standard error that nobody reads."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("stream", [None, Deaf()], ids=["closed", "broken"])
def test_what_nobody_can_hear_disturbs_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stream: io.StringIO | None
) -> None:
    def full(item: int) -> None:
        raise InputError("the disk is full")

    given_up: list[bool] = []
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        say("something")
        output = Losable(full, lambda _: None, lambda: given_up.append(True), goes_on=True)
        output.write(1)
        output.write(2)
    assert output.problem == "the disk is full"
    assert given_up == [True]
    assert capsys.readouterr().out == ""
