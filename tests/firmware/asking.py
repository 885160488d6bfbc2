"""Talking with a board that runs in a simulator: a request, some time, its reply."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from typing import Any

from mandible.firmware_bridge.protocol import Message, Value
from tests.firmware.wire import CHANNELS, WIDE, Wire, status_of


class Asking(ABC):
    """What hosts of simulated boards have in common; ``run`` puts what the board says into ``_messages``."""

    def __init__(self) -> None:
        """Nothing has been said yet."""
        self.wire = Wire()
        self._messages: list[Message] = []

    @abstractmethod
    def send(self, data: bytes, at_us: float | None = None) -> None:
        """Put bytes on the line, now unless a time is given."""

    @abstractmethod
    def run(self, us: float) -> list[Any]:
        """Let time pass; return the pulses that ended."""

    def replies(self) -> list[Message]:
        """Return what the board has said since the last call."""
        messages, self._messages = self._messages, []
        return messages

    def ask(self, name: str, *, wait_us: float = 10_000, **values: Value) -> Message:
        """Send a request and return its reply."""
        self.replies()
        self.send(self.wire.frame(name, **values))
        self.run(wait_us)
        (reply,) = self.replies()
        return reply

    def status(self, name: str, *, wait_us: float = 10_000, **values: Value) -> str:
        """Send a request and return its acknowledgement's status."""
        return status_of(self.ask(name, wait_us=wait_us, **values))


def wandering(hops: int, seed: int) -> list[list[int]]:
    """Return set-points that start at neutral and wander, some faster than allowed or past the limits."""
    chance = random.Random(seed)
    rows = [[WIDE[2]] * CHANNELS]
    for _ in range(hops - 1):
        step = chance.choice((5, 40, 400))
        rows.append([min(2600, max(400, us + chance.randint(-step, step))) for us in rows[-1]])
    return rows
