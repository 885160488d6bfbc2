"""What a watched board saw and gave, as its log tells it.

Rows, times in ns of the monotonic clock:

    move,TIME,DUE,PULSE...   a set-point's last byte came from the host; DUE is when it is to be reached
    pulse,START,OUTPUT,US    a servo pulse began
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mandible.firmware_bridge.clock import CLOCK_US
from mandible.firmware_bridge.protocol import Message


@dataclass(frozen=True)
class Move:
    """A set-point on the wire: when its last byte left the host, when it is due, pulses by output."""

    time_ns: int
    due_ns: int
    pulses_us: tuple[int, ...]


@dataclass(frozen=True)
class Pulse:
    """A servo pulse at a pin."""

    start_ns: int
    output: int
    width_us: float


def move_row(message: Message, now_ns: int, zero_ns: int) -> str:
    """Return the row of a set-point that came at ``now_ns`` to a board whose clock began at ``zero_ns``."""
    now_us = (now_ns - zero_ns) // 1000
    # The 32 bits of due_us stand for the instant nearest to now.
    ahead_us = (message.number("due_us") - now_us + CLOCK_US // 2) % CLOCK_US - CLOCK_US // 2
    due_ns = zero_ns + (now_us + ahead_us) * 1000
    return f"move,{now_ns},{due_ns},{','.join(map(str, message.numbers('pulse_us')))}\n"


def pulse_row(start_ns: int, output: int, width_us: float) -> str:
    """Return the row of a pulse."""
    return f"pulse,{start_ns},{output},{width_us:.2f}\n"


def read_log(path: Path) -> tuple[list[Move], list[Pulse]]:
    """Return everything logged; call it once the board has ended."""
    moves, pulses = [], []
    for row in path.read_text(encoding="utf-8").splitlines():
        kind, *fields = row.split(",")
        if kind == "move":
            moves.append(Move(int(fields[0]), int(fields[1]), tuple(map(int, fields[2:]))))
        else:
            pulses.append(Pulse(int(fields[0]), int(fields[1]), float(fields[2])))
    return moves, pulses


def outputs_of(pulses: Sequence[Pulse], output: int) -> list[Pulse]:
    """Return the pulses of one output."""
    return [pulse for pulse in pulses if pulse.output == output]
