"""``mandible monitor`` shows a line that runs, or one of its own, and leaves the terminal as it was."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
import wave
from pathlib import Path

import pytest

from mandible.device.daemon.control_socket import ControlSocket
from mandible.firmware_bridge.rig import SHIPPED
from tests.cli.command import COMMAND, SAMPLE, complaint, mandible
from tests.daemon.standing import snapshot

LIMIT_S = 30.0
OTHER_SCREEN, BACK = b"\x1b[?1049h", b"\x1b[?1049l"
CURSOR_BACK = b"\x1b[?25h"
CLEARED = b"\x1b[2J"


class Terminal:
    """A terminal of 80 by 24 with a monitor in it."""

    def __init__(self, *words: str | Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.shown = b""
        self.process = subprocess.Popen(
            [*COMMAND, "monitor", *map(str, words)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONUTF8": "1"},
            start_new_session=True,
        )

    def until(self, wanted: bytes) -> None:
        deadline_s = time.monotonic() + LIMIT_S
        while wanted not in self.shown:
            assert time.monotonic() < deadline_s, self.shown[-2000:]
            self._take()

    def ended(self, number: signal.Signals | None = None) -> int:
        if number is not None:
            self.process.send_signal(number)
        deadline_s = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline_s
            self._take()
        self._take()
        assert termios.tcgetattr(self.slave) == self.before
        return int(self.process.returncode)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.master)

    def _take(self) -> None:
        if select.select([self.master], [], [], 0.05)[0]:
            self.shown += os.read(self.master, 65536)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_attaches_and_leaves_the_terminal_whole(tmp_path: Path, number: signal.Signals) -> None:
    place = tmp_path / "x" / "control.sock"
    with ControlSocket(place, snapshot, {}):
        terminal = Terminal("--control", place)
        try:
            terminal.until(b"the microphone: listening")
            assert OTHER_SCREEN in terminal.shown
            assert terminal.ended(number) == 0
            assert terminal.shown.rstrip().endswith((BACK, CURSOR_BACK)) or BACK in terminal.shown
            assert terminal.shown.rindex(CURSOR_BACK) > terminal.shown.index(OTHER_SCREEN)
            assert b"Traceback" not in terminal.shown
        finally:
            terminal.close()


def test_a_line_that_ends_is_said(tmp_path: Path) -> None:
    place = tmp_path / "x" / "control.sock"
    with ControlSocket(place, snapshot, {}) as served:
        terminal = Terminal("--control", place)
        try:
            terminal.until(b"the microphone: listening")
            served.close()
            assert terminal.ended() == 0
            assert b"the line has ended" in terminal.shown
            # A terminal without another screen would show the last picture for ever.
            assert CLEARED in terminal.shown[: terminal.shown.rindex(BACK)]
        finally:
            terminal.close()


def test_a_line_of_its_own_streams_objects(tmp_path: Path) -> None:
    spoken = tmp_path / "spoken.wav"
    with wave.open(str(SAMPLE)) as sample, wave.open(str(spoken), "wb") as short:
        short.setparams(sample.getparams())
        short.writeframes(sample.readframes(2 * sample.getframerate()))
    words = ("--rig", "skull", "--json", "--hz", "20", "--gain", "-6", "--high-pass", "80")
    done = mandible("monitor", "--source", spoken, *words)
    assert done.returncode == 0, done.stderr.decode()
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) > 10
    assert told[-1]["hops"] > 100
    assert told[-1]["stages"]["engine"]["count"] == told[-1]["hops"]
    assert {status["hop"]["viseme"] for status in told if status["hop"]} > {"sil"}
    assert len(told[-1]["hop"]["mel"]) == 40


def test_a_line_of_its_own_moves_the_board_of_its_rig(tmp_path: Path) -> None:
    rig = tmp_path / "rig.toml"
    rig.write_text((SHIPPED / "skull.toml").read_text("utf-8") + '\n[link]\nport = "fake:"\n', "utf-8")
    with wave.open(str(tmp_path / "silence.wav"), "wb") as silence:
        silence.setparams((1, 2, 16_000, 0, "NONE", ""))
        silence.writeframes(bytes(2 * 16_000))
    done = mandible("monitor", "--source", tmp_path / "silence.wav", "--rig", rig, "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout.splitlines()[-1])["link"]["url"] == "fake:"


def test_without_a_terminal_or_a_line_the_remedy_is_named(tmp_path: Path) -> None:
    place = tmp_path / "x" / "control.sock"
    with ControlSocket(place, snapshot, {}):
        assert "add --json" in complaint(mandible("monitor", "--control", place), 2)
    assert "nothing runs" in complaint(mandible("monitor", "--control", tmp_path / "none", "--json"), 3)
    assert "--hz 50.0: give 1 to 20" in complaint(mandible("monitor", "--hz", "50"), 2)
    assert "--gain loud: give auto, off" in complaint(
        mandible("monitor", "--source", "x", "--json", "--gain", "loud"), 2
    )
    assert "--high-pass: is for a line of monitor's own" in complaint(
        mandible("monitor", "--high-pass", "80"), 2
    )
