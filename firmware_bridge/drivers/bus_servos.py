"""What Dynamixel and Feetech servos on one bus share: positions, torque, and a question to each in turn."""

from __future__ import annotations

import errno
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress

from mandible.errors import InputError
from mandible.firmware_bridge.drivers.driver import HostLoss
from mandible.firmware_bridge.drivers.every import Every
from mandible.firmware_bridge.drivers.pulse import position
from mandible.firmware_bridge.drivers.wire import Wire, shortest_period_us
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.protocol import MAX_CHANNELS

_LEAST_PERIOD_US = 10_000
# One servo is asked this often, after its goal: its answer leaves the bus free before the next pulses, but a
# USB adapter may keep it back for longer.
_POLL_S = 0.1
_ANSWER_S = 0.06
# How often servos that must not hold are told so again, in case it was lost. Those that should are told once:
# one that has let go to protect itself is not made to go on.
_LET_GO_S = 0.5
# So many questions unanswered: the servo is gone, not a byte lost.
_SILENT = 3


class BusServos(ABC):
    """Servos on one bus; the first id is output 0.

    Attributes:
        problem: what is wrong with which servo; None: nothing known.
    """

    host_loss: HostLoss = "ramp"
    # A bus servo keeps its torque and stays where it was sent last.
    computer_loss: HostLoss = "hold"

    def __init__(self, wire: Wire, kind: str, ids: Sequence[int], span: tuple[int, int]) -> None:
        """Take servos that have answered; ``span``: the positions for 500 µs and 2500 µs."""
        self.name = f"{kind} bus on {wire.path}"
        self.outputs = len(ids)
        self.problem: str | None = None
        self._wire = wire
        self._ids = tuple(ids)
        self._low, self._high = span
        self._moving: frozenset[int] = frozenset()
        self._poll = Every(_POLL_S)
        self._let_go = Every(_LET_GO_S)
        self._next = 0
        self._asked: int | None = None
        self._asked_s = 0.0
        self._unanswered = dict.fromkeys(ids, 0)
        self._problems: dict[int, str] = {}

    @property
    @abstractmethod
    def period_us(self) -> int:
        """How often it takes pulses."""

    def give(self, pulses_us: Sequence[int]) -> None:
        """Pass on 12 widths in µs; 0 takes a servo's torque away. Raises OSError when no servo answers."""
        self._collect()
        if not self._wire.ready():
            return
        goals = {
            servo_id: position(pulse_us, self._low, self._high)
            for servo_id, pulse_us in zip(self._ids, pulses_us, strict=False)
            if pulse_us
        }
        wanted = frozenset(goals)
        idle = (frozenset(self._ids) if self._let_go.due() else self._moving) - wanted
        if idle and self._torque(sorted(idle), False):
            self._moving -= idle
        begins = wanted - self._moving
        if begins and self._torque(sorted(begins), True):
            self._moving |= begins
        if goals:
            self._goals(goals)
        if self._asked is None and self._poll.due():
            self._ask_next()

    def close(self) -> None:
        """Take the torque away and give the port back."""
        with suppress(OSError):
            self._wire.settle()
            self._torque(self._ids, False)
        self._wire.finish(b"")

    @abstractmethod
    def _torque(self, servo_ids: Sequence[int], on: bool) -> bool:
        """Switch the torque of several servos; say whether the line took that."""

    @abstractmethod
    def _goals(self, goals: dict[int, int]) -> None:
        """Send positions by servo id."""

    @abstractmethod
    def _ask(self, servo_id: int) -> None:
        """Send a question to one servo; what had arrived before is no answer to it."""

    @abstractmethod
    def _answer(self, servo_id: int) -> str | None:
        """Return what is wrong with a servo, from its answer, empty: nothing; None: no answer yet.

        Raises OSError where the servo has to be started anew.
        """

    def _ask_next(self) -> None:
        self._asked = self._ids[self._next]
        self._next = (self._next + 1) % len(self._ids)
        self._asked_s = time.monotonic()
        self._ask(self._asked)

    def _collect(self) -> None:
        if self._asked is None:
            return
        servo_id = self._asked
        found = self._answer(servo_id)
        if found is None and time.monotonic() - self._asked_s < _ANSWER_S:
            return
        self._asked = None
        if found is None:
            self._unanswered[servo_id] += 1
            if self._unanswered[servo_id] >= _SILENT:
                self._problems[servo_id] = f"servo {servo_id} does not answer"
        else:
            self._unanswered[servo_id] = 0
            self._problems[servo_id] = f"servo {servo_id}: {found}" if found else ""
        texts = [text for text in self._problems.values() if text]
        self.problem = f"{self.name}: {'; '.join(texts)}" if texts else None
        if all(count >= _SILENT for count in self._unanswered.values()):
            raise OSError(errno.ENODEV, "no servo answers any more")


def bus_period_us(goals_bytes: int, answer_bytes: int, baud: int) -> int:
    """Return the period in which goals for all servos, one question and its answer fit on the line."""
    return shortest_period_us(goals_bytes + answer_bytes, baud, _LEAST_PERIOD_US)


def checked_ids(url: PortUrl) -> tuple[int, ...]:
    """Return the servo ids of a port URL; InputError where they are none or too many."""
    ids = url.numbers("ids")
    if not 1 <= len(ids) <= MAX_CHANNELS:
        raise InputError(f"{url.text}: ids takes 1 to {MAX_CHANNELS} servo ids")
    return ids


def checked_span(url: PortUrl, low: int, high: int, most: int) -> tuple[int, int]:
    """Return the positions for 500 and 2500 µs, given or usual; InputError beyond 0..``most``."""
    span = int(url.options.get("low", low)), int(url.options.get("high", high))
    if not all(0 <= one <= most for one in span) or span[0] == span[1]:
        raise InputError(f"{url.text}: low and high take two different positions from 0 to {most}")
    return span
