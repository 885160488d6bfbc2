"""A Raspberry Pi Pico that runs the real firmware image in rp2040js, in lockstep with the test.

Times are microseconds since power-up as the simulated crystal tells them; nothing depends on the wall clock.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple

from tests.virtual.rp2040.build import build, simulator_modules, symbol

HARNESS = Path(__file__).with_name("harness.mjs")
BAUD = 115_200
# Ten bits: how long a byte is on the UART's line.
BYTE_US = 10 * 1_000_000 / BAUD
NS_PER_US = 1000
UNIQUE_ID = "E66138528350ABCD"
SLOT_OFFSETS = (2 * 1024 * 1024 - 8192, 2 * 1024 * 1024 - 4096)

Line = Literal["uart", "usb"]
USUAL_ERASE_MS = 45


class Received(NamedTuple):
    """Bytes that have reached the host: one by UART, a packet by USB."""

    time_us: float
    line: Line
    data: bytes


class Pulse(NamedTuple):
    """A servo pulse as it stood on the pin."""

    channel: int
    start_us: float
    width_us: float


class SimulatedPico:
    """A board with the firmware flashed; use as a context manager.

    ``send`` and ``advance`` drive it; ``received`` and ``pulses`` return what is new since they were last
    called, in the order of its end.
    """

    def __init__(
        self,
        slots: Mapping[int, bytes] | None = None,
        *,
        usb: bool = False,
        rom: bool = True,
        erase_ms: int = USUAL_ERASE_MS,
    ) -> None:
        """Power up.

        Args:
            slots: what the slots (0 or 1) of permanent memory hold; the rest reads as erased.
            usb: plug it into a computer, which takes 20 ms to get to know it.
            rom: False for a chip without its boot ROM's routines.
            erase_ms: how long the flash takes for a sector; 400 at worst (W25Q16JV datasheet, 9.6).
        """
        options = {
            "image": str(build() / "mandible-rp2040.bin"),
            "modules": str(simulator_modules()),
            "baud": BAUD,
            "usb": usb,
            "rom": rom,
            "erase_ms": erase_ms,
            "unique_id": UNIQUE_ID,
            "flash": [[SLOT_OFFSETS[slot], image.hex()] for slot, image in (slots or {}).items()],
        }
        self._process = subprocess.Popen(
            ["node", str(HARNESS), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._commands, self._events = self._process.stdin, self._process.stdout
        self._now_ns = 0.0
        self._rises: dict[int, float] = {}
        self._pulses: list[Pulse] = []
        self._received: list[Received] = []

    def __enter__(self) -> SimulatedPico:
        """Return the running board."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch it off."""
        self.close()

    @property
    def now_us(self) -> float:
        """How far it has run."""
        return self._now_ns / NS_PER_US

    def send(self, data: bytes, at_us: float, line: Line = "uart") -> None:
        """Put bytes on a line from ``at_us`` on; by UART one by one, behind what is on it already."""
        if data:
            self._command(f"{line} {round(at_us * NS_PER_US)} {data.hex()}")

    def advance(self, to_us: float) -> None:
        """Run until ``to_us``."""
        self._command(f"advance {round(to_us * NS_PER_US)}")

    def received(self) -> list[Received]:
        """Return what the firmware has sent."""
        new, self._received = self._received, []
        return new

    def pulses(self) -> list[Pulse]:
        """Return the pulses that have ended."""
        new, self._pulses = self._pulses, []
        return new

    def high_since_us(self) -> dict[int, float]:
        """Return the channels whose pin is high now, and since when."""
        return {channel: ns / NS_PER_US for channel, ns in self._rises.items()}

    def slot(self, number: int, count: int) -> bytes:
        """Return the first ``count`` bytes of a slot of permanent memory."""
        return bytes.fromhex(self._answer(f"flash {SLOT_OFFSETS[number]} {count}", "M "))

    def clock_zero_us(self) -> float:
        """Return when the board's clock read 0; the firmware must have started."""
        content = self._answer(f"ram {symbol('epoch_us')} 8", "M ")
        return float(int.from_bytes(bytes.fromhex(content), "little"))

    def request(self, setup: bytes, data: bytes = b"") -> bytes | None:
        """Make a request on the USB device's endpoint 0, some 2 ms long; None: the board refused it."""
        answer = self._answer(f"request {setup.hex()} {data.hex()}".rstrip(), "R ")
        if answer == "open":
            raise AssertionError(f"the board neither answers nor refuses {setup.hex(' ')}")
        return None if answer == "refused" else bytes.fromhex(answer)

    def drive(self, pin: int, level: bool) -> None:
        """Wire a pin, from now on, to a level."""
        self._command(f"pin {pin} {int(level)}")

    def replug(self) -> None:
        """Put the USB cable into another computer, which takes 20 ms to get to know the board."""
        self._command("replug")

    def freeze(self) -> None:
        """Let the processor do nothing more, as in a loop without an end; the rest of the chip goes on."""
        self._command("freeze")

    def reset(self) -> None:
        """Switch it off and on at once; the clock of this object goes on, the chip's starts again."""
        self._command("reset")

    def unused_ram_bytes(self) -> int:
        """Return how many bytes between variables and stack nothing has touched since power-up."""
        return int(self._answer("unused", "N "))

    def facts(self) -> dict[str, Any]:
        """Return what else there is to know; see ``harness.mjs``."""
        answer: dict[str, Any] = json.loads(self._answer("facts", "F "))
        return answer

    def close(self) -> None:
        """Switch the board off."""
        self._commands.close()
        self._events.close()
        self._process.wait(timeout=10)

    def _answer(self, command: str, mark: str) -> str:
        return next(line[len(mark) :] for line in self._command(command) if line.startswith(mark))

    def _command(self, command: str) -> list[str]:
        self._commands.write(command + "\n")
        self._commands.flush()
        others: list[str] = []
        for line in self._events:
            kind, _, rest = line.rstrip("\n").partition(" ")
            if kind == "E":
                self._take_edge(rest)
            elif kind == "T":
                ns, byte = rest.split()
                self._received.append(Received(float(ns) / NS_PER_US, "uart", bytes([int(byte)])))
            elif kind == "U":
                ns, data = rest.split()
                self._received.append(Received(float(ns) / NS_PER_US, "usb", bytes.fromhex(data)))
            elif kind == ".":
                self._now_ns = float(rest)
                return others
            else:
                others.append(line.rstrip("\n"))
        raise RuntimeError(f"the simulator ended during {command!r} (exit status {self._process.wait()})")

    def _take_edge(self, words: str) -> None:
        ns_text, channel_text, level = words.split()
        ns, channel = float(ns_text), int(channel_text)
        if level == "1":
            self._rises[channel] = ns
            return
        rise = self._rises.pop(channel, None)
        if rise is not None:
            self._pulses.append(Pulse(channel, rise / NS_PER_US, (ns - rise) / NS_PER_US))
