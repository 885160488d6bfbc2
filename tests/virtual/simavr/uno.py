"""An Arduino Uno that runs the real firmware image in simavr, in lockstep with the test.

Times are microseconds since power-up as the chip's cycles tell them; nothing here depends on the wall clock.
"""

from __future__ import annotations

import subprocess
from types import TracebackType
from typing import NamedTuple

from tests.virtual.simavr.build import build

CYCLES_PER_US = 16
BAUD = 115_200
# Ten bits: when a byte that the chip begins to send at the usual rate has arrived.
BYTE_US = 10 * 1_000_000 / BAUD


class Received(NamedTuple):
    """A byte that has reached the host."""

    time_us: float
    byte: int


class Figures(NamedTuple):
    """What the simulator counted since power-up.

    ``most_waiting``: the most received bytes that waited in the UART; it holds three.
    ``plans``: how often pulses were planned; ``worst_us`` and ``total_us`` are how long that took.
    """

    asleep_us: float
    most_waiting: int
    plans: int
    worst_us: float
    total_us: float


class Interrupt(NamedTuple):
    """One call of an interrupt's handler, from its vector to its return."""

    vector: int
    start_us: float
    took_us: float


class Pulse(NamedTuple):
    """A servo pulse as it stood on the pin."""

    channel: int
    start_us: float
    width_us: float


class SimulatedUno:
    """A board with the firmware flashed; use as a context manager.

    ``send`` and ``advance`` drive it; ``received`` and ``pulses`` return what is new since they were last
    called, in the order of its end.

    Attributes:
        byte_us: how long a byte is on the wire, start and stop bit with it.
    """

    def __init__(self, eeprom: bytes = b"", baud: int = BAUD) -> None:
        """Power up with ``eeprom`` from address 0 on (the rest reads as erased), at ``baud`` on the line."""
        image, simulator = build(baud)
        self._process = subprocess.Popen(
            [str(simulator), str(image), str(baud)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.byte_us = 10 * 1_000_000 / baud
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._commands, self._events = self._process.stdin, self._process.stdout
        self._cycle = 0
        self._rises: dict[int, int] = {}
        self._pulses: list[Pulse] = []
        self._received: list[Received] = []
        self._interrupts: list[Interrupt] = []
        self._plans_us: list[float] = []
        if eeprom:
            self._command(f"load {eeprom.hex()}")

    def __enter__(self) -> SimulatedUno:
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
        return self._cycle / CYCLES_PER_US

    def send(self, data: bytes, at_us: float) -> None:
        """Put bytes on the wire from ``at_us`` on, one after the other, behind what is on it already."""
        if data:
            self._command(f"send {round(at_us * CYCLES_PER_US)} {data.hex()}")

    def advance(self, to_us: float) -> None:
        """Run until ``to_us``."""
        self._command(f"advance {round(to_us * CYCLES_PER_US)}")

    def received(self) -> list[Received]:
        """Return the bytes the firmware has sent."""
        new, self._received = self._received, []
        return new

    def pulses(self) -> list[Pulse]:
        """Return the pulses that have ended."""
        new, self._pulses = self._pulses, []
        return new

    def high_since_us(self) -> dict[int, float]:
        """Return the channels whose pin is high now, and since when."""
        return {channel: cycle / CYCLES_PER_US for channel, cycle in self._rises.items()}

    def eeprom(self, count: int) -> bytes:
        """Return the first ``count`` bytes of the EEPROM."""
        lines = self._command(f"eeprom {count}")
        return bytes.fromhex(next(line[2:] for line in lines if line.startswith("M ")))

    def unused_sram_bytes(self) -> int:
        """Return how many bytes between variables and stack nothing has touched since power-up."""
        lines = self._command("unused")
        return int(next(line[2:] for line in lines if line.startswith("U ")))

    def figures(self) -> Figures:
        """Return what was counted."""
        lines = self._command("figures")
        asleep, waiting, plans, worst, total = map(
            int, next(line for line in lines if line.startswith("F ")).split()[1:]
        )
        us = CYCLES_PER_US
        return Figures(asleep / us, waiting, plans, worst / us, total / us)

    def watch(self) -> None:
        """Note every interrupt and every planning from now on, for ``interrupts`` and ``plans_us``."""
        self._command("watch")

    def interrupts(self) -> list[Interrupt]:
        """Return the interrupts that have ended."""
        new, self._interrupts = self._interrupts, []
        return new

    def plans_us(self) -> list[float]:
        """Return how long each planning of a period's pulses took."""
        new, self._plans_us = self._plans_us, []
        return new

    def drive_input(self, pin: int, level: int) -> None:
        """Drive D8 + ``pin`` (0 hears of a stalled servo, 1 of a hot one) from outside."""
        self._command(f"input {pin} {level}")

    def reset(self) -> None:
        """Press the reset button; the clock of this object goes on, the firmware's starts again."""
        self._command("reset")
        self._rises.clear()

    def close(self) -> None:
        """Switch the board off."""
        self._commands.close()
        self._events.close()
        self._process.wait(timeout=10)

    def _command(self, command: str) -> list[str]:
        self._commands.write(command + "\n")
        self._commands.flush()
        others: list[str] = []
        for line in self._events:
            if line.startswith("E "):
                self._take_edge(line)
            elif line.startswith("T "):
                _, cycle, byte = line.split()
                self._received.append(Received(int(cycle) / CYCLES_PER_US + self.byte_us, int(byte)))
            elif line.startswith("I "):
                _, vector, began, ended = line.split()
                us = int(began) / CYCLES_PER_US, (int(ended) - int(began)) / CYCLES_PER_US
                self._interrupts.append(Interrupt(int(vector), *us))
            elif line.startswith("P "):
                self._plans_us.append(int(line[2:]) / CYCLES_PER_US)
            elif line.startswith(". "):
                self._cycle = int(line[2:])
                return others
            else:
                others.append(line)
        raise RuntimeError(f"the simulator ended during {command!r} (exit status {self._process.wait()})")

    def _take_edge(self, line: str) -> None:
        _, cycle_text, channel_text, level = line.split()
        cycle, channel = int(cycle_text), int(channel_text)
        if level == "1":
            self._rises[channel] = cycle
            return
        rise = self._rises.pop(channel, None)
        if rise is not None:
            start_us, width_us = rise / CYCLES_PER_US, (cycle - rise) / CYCLES_PER_US
            self._pulses.append(Pulse(channel, start_us, width_us))
