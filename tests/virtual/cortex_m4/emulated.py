"""The firmware for a Cortex-M4 in QEMU, as fast as a clock on the wall: a line to it, and its record."""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from mandible.firmware_bridge.protocol import Message, Value
from mandible.quantize.one_chip.simulated import qemu
from tests.firmware.wire import Wire, status_of

FIRMWARE = Path(__file__).parents[3] / "firmware_bridge" / "firmware"
_BUILD = Path(__file__).parent / "build"
_STARTING_S = 20.0
_ANSWER_S = 20.0
_RECEIVED = struct.Struct("<IB")
_PERIOD = struct.Struct("<2I12H")


@dataclass(frozen=True)
class Received:
    """A byte that the core has taken, and when on its clock."""

    at_us: int
    byte: int


@dataclass(frozen=True)
class Period:
    """Pulses by output, for the period that starts then."""

    planned_us: int
    start_us: int
    pulses_us: tuple[int, ...]


def build() -> Path:
    """Return the image, up to date; two test runs at once wait for one another."""
    _BUILD.mkdir(exist_ok=True)
    with (_BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["make", "-s", "-C", str(FIRMWARE), "cortex-m4", f"BUILD={_BUILD}"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return _BUILD / "mandible-cortex-m4.elf"


class EmulatedBoard:
    """A board that runs while the ``with`` block does; its permanent memory is in ``folder``."""

    def __init__(self, elf: Path, folder: Path) -> None:
        """Take an image and a folder of its own."""
        self._elf, self._folder = elf, folder
        self._wire = Wire()

    def __enter__(self) -> EmulatedBoard:
        """Switch it on."""
        line = self._folder / "line"
        line.unlink(missing_ok=True)
        # A socket's name has to be short: QEMU gets it relative to its folder.
        words = qemu.command(self._elf, "unix:line,server=on,wait=on", "file:record")
        self._process = subprocess.Popen(
            [*words, "-icount", f"shift={qemu.SHIFT}"], cwd=self._folder, stderr=subprocess.PIPE, text=True
        )
        until_s = time.monotonic() + _STARTING_S
        self._socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self._socket.connect(str(line))
                break
            except OSError:
                assert self._process.poll() is None, self._process.communicate()[1]
                assert time.monotonic() < until_s, "QEMU does not open its serial line"
                select.select([], [], [], 0.01)
        self._socket.setblocking(False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch it off."""
        self._process.terminate()
        self._process.communicate()
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Put bytes on the line."""
        self._socket.sendall(data)

    def ask(self, name: str, **values: Value) -> Message:
        """Send a request and wait for its one reply."""
        self.send(self._wire.frame(name, **values))
        until_s = time.monotonic() + _ANSWER_S
        while True:
            left_s = until_s - time.monotonic()
            assert left_s > 0, f"no answer to {name}"
            select.select([self._socket], [], [], left_s)
            replies = self._wire.messages(self._socket.recv(4096))
            if replies:
                assert len(replies) == 1, replies
                return replies[0]

    def status(self, name: str, **values: Value) -> str:
        """Send a request and return its acknowledgement's status."""
        return status_of(self.ask(name, **values))

    def clock_us(self) -> int:
        """Return the board's clock."""
        return self.ask("ping", token=1).number("clock_us")

    def wait_until(self, clock_us: int) -> None:
        """Let the board's clock pass an instant; the host's says little of it where QEMU has to wait."""
        while self.clock_us() < clock_us:
            select.select([self._socket], [], [], 0.002)

    def record(self) -> list[Received | Period]:
        """Return what it has written down, after it was switched off; an end that was cut off is left out."""
        data, at, events = (self._folder / "record").read_bytes(), 0, list[Received | Period]()
        while at < len(data):
            kind, at = data[at : at + 1], at + 1
            assert kind in (b"R", b"P"), kind
            layout = _RECEIVED if kind == b"R" else _PERIOD
            if at + layout.size > len(data):
                break
            fields = layout.unpack_from(data, at)
            at += layout.size
            events.append(
                Received(*fields) if kind == b"R" else Period(fields[0], fields[1], tuple(fields[2:]))
            )
        return events
