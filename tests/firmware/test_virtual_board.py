"""The virtual board as a process, in real time: only what cannot be seen in virtual time is tested here."""

from __future__ import annotations

import csv
import itertools
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mandible.firmware_bridge.greeting import HELLO
from mandible.firmware_bridge.protocol import Message, Value
from tests.firmware.wire import JAW, Wire, calibration, eeprom_image

GIVE_UP_S = 10.0


class Client:
    """A host on a terminal."""

    def __init__(self, path: str) -> None:
        """Open it as any program would, without setting its modes."""
        self._terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self._wire = Wire()

    def ask(self, name: str, **values: Value) -> Message:
        """Send a request and wait for its reply."""
        os.write(self._terminal, self._wire.frame(name, **values))
        give_up_s = time.monotonic() + GIVE_UP_S
        while select.select([self._terminal], [], [], max(0.0, give_up_s - time.monotonic()))[0]:
            messages = self._wire.messages(os.read(self._terminal, 4096))
            if messages:
                return messages[0]
        raise AssertionError(f"no reply to {name}")

    def move(self, in_ms: int, pulse_us: int) -> None:
        """Ask for a pulse on channel 0 due ``in_ms`` from now."""
        due_us = self.ask("ping", token=1).number("clock_us") + 1000 * in_ms
        assert self.ask("move", due_us=due_us, mask=1, pulse_us=(pulse_us,)).number("status") == 0

    def close(self) -> None:
        """Close the terminal."""
        os.close(self._terminal)


@contextmanager
def running(*options: str, stdin: int = subprocess.DEVNULL) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start a board; yield it and its terminal's path."""
    command = [sys.executable, "-m", "mandible.firmware_bridge.virtual_board", *options]
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().decode().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        if process.stdin is not None:
            process.stdin.close()


def rows(path: Path) -> list[tuple[float, int, int]]:
    """Read the pulses."""
    with path.open(newline="") as file:
        return [(float(r["time_s"]), int(r["channel"]), int(r["pulse_us"])) for r in csv.DictReader(file)]


def test_it_is_ready_at_once_and_survives_clients() -> None:
    before_s = time.monotonic()
    with running() as (_, path):
        for _ in range(3):
            client = Client(path)
            assert client.ask("hello", **HELLO).name == "welcome"
            client.close()
        # A third of a second on an idle machine; this one may be busy.
        assert time.monotonic() - before_s < GIVE_UP_S


def test_it_keeps_its_memory_in_a_file(tmp_path: Path) -> None:
    eeprom = tmp_path / "eeprom.bin"
    with running("--eeprom", str(eeprom)) as (_, path):
        client = Client(path)
        for name, values in calibration({0: JAW}, watchdog_ms=400):
            assert client.ask(name, **values).number("status") == 0
    assert eeprom.read_bytes().startswith(eeprom_image({0: JAW}, watchdog_ms=400))
    assert list(tmp_path.iterdir()) == [eeprom]
    with running("--eeprom", str(eeprom)) as (_, path):
        assert Client(path).ask("hello", **HELLO).number("calibrated_mask") == 1


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    link = tmp_path / "board"
    with running("--link", str(link)) as (process, path):
        assert str(link.readlink()) == path
        assert Client(str(link)).ask("hello", **HELLO).name == "welcome"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=GIVE_UP_S) == 0
    assert not link.is_symlink()


def test_a_host_that_dies_leaves_a_jaw_at_neutral_and_no_board_behind(tmp_path: Path) -> None:
    eeprom, pulses = tmp_path / "eeprom.bin", tmp_path / "pulses.csv"
    eeprom.write_bytes(eeprom_image({0: JAW}, watchdog_ms=300))
    options = ("--eeprom", str(eeprom), "--pulses", str(pulses))
    with running(*options, stdin=subprocess.PIPE) as (process, path):
        client = Client(path)
        assert client.ask("attach", mask=1).number("status") == 0
        client.move(200, JAW[1])
        client.close()
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=GIVE_UP_S) == 0
    seen = rows(pulses)
    assert {channel for _, channel, _ in seen} == {0}
    assert max(pulse_us for *_, pulse_us in seen) > JAW[2] + 100
    assert [pulse_us for *_, pulse_us in seen[-25:]] == [JAW[2]] * 25
    # Every period has its row, 20 ms after the one before, however busy this machine was.
    gaps_s = {round(after[0] - before[0], 6) for before, after in itertools.pairwise(seen)}
    assert gaps_s == {0.02}


@pytest.mark.parametrize("option", ["--pulses", "--link", "--eeprom"])
def test_a_path_that_cannot_be_used_is_one_clear_line(tmp_path: Path, option: str) -> None:
    path = tmp_path / "missing" / "file" if option != "--eeprom" else tmp_path
    command = [sys.executable, "-m", "mandible.firmware_bridge.virtual_board", option, str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=GIVE_UP_S, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
