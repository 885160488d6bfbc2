"""Lynxmotion SSC-32 and SSC-32U servo controllers."""

from __future__ import annotations

from collections.abc import Sequence

from mandible.firmware_bridge.drivers.driver import HostLoss
from mandible.firmware_bridge.drivers.every import Every
from mandible.firmware_bridge.drivers.facts import facts
from mandible.firmware_bridge.drivers.pulse import held
from mandible.firmware_bridge.drivers.recognition import (
    SSC32,
    no_answer,
    rule_out_others,
    understands_ssc32,
)
from mandible.firmware_bridge.drivers.wire import Wire, opening
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.protocol import MAX_CHANNELS

_FACTS = facts("ssc32")
_PERIOD_US = 20_000
# Only what changed is sent, and everything twice a second in case a byte was lost; a question once a second.
_ALL_S = 0.5
_POLL_S = 1.0
_ANSWER_S = 0.3
_REMEDY = "check power and cable, and that baud is what the board's BAUD button (or its jumpers) say"


def group_move(pulses_us: Sequence[tuple[int, int]]) -> bytes:
    """Return the command that moves ``(channel, width in µs)`` together, at once; a width of 0 stops them.

    Without a speed or a time: the set-points already are the motion.
    """
    moves = (_FACTS["move"].format(channel=channel, pulse_us=pulse_us) for channel, pulse_us in pulses_us)
    command: str = "".join(moves) + _FACTS["end"]
    return command.encode("ascii")


class Ssc32:
    """One SSC-32; channels 0 to 11 are outputs 0 to 11.

    Attributes:
        problem: what is wrong with the board; None: nothing known.
    """

    outputs = MAX_CHANNELS
    period_us = _PERIOD_US
    host_loss: HostLoss = "ramp"
    # It has no watchdog: the last pulses go on as long as it has power.
    computer_loss: HostLoss = "hold"

    def __init__(self, wire: Wire) -> None:
        """Take a board that has answered."""
        self.name = f"{SSC32} on {wire.path}"
        self.problem: str | None = None
        self._wire = wire
        # Channels that never had a pulse are left alone.
        self._sent_us: dict[int, int] = {}
        self._all = Every(_ALL_S)
        self._poll = Every(_POLL_S)
        self._asked = False

    def give(self, pulses_us: Sequence[int]) -> None:
        """Pass on 12 widths in µs; 0 stops a channel's pulses. Raises OSError when the board is gone."""
        self._hear()
        if not self._wire.ready():
            return
        everything = self._all.due()
        moves = [
            (channel, held(pulse_us))
            for channel, pulse_us in enumerate(pulses_us[: self.outputs])
            if (channel in self._sent_us or pulse_us)
            and (everything or held(pulse_us) != self._sent_us.get(channel))
        ]
        commands = group_move(moves) if moves else b""
        if self._poll.due():
            commands += _FACTS["movement_query"].encode()
            if self._asked:
                self.problem = f"{self.name} does not answer"
            self._asked = True
        if commands and self._wire.send(commands):
            self._sent_us.update(moves)

    def close(self) -> None:
        """Stop the pulses of every channel used, and give the port back."""
        self._wire.finish(group_move([(channel, 0) for channel in self._sent_us]) if self._sent_us else b"")

    def _hear(self) -> None:
        heard = self._wire.receive()
        if not heard:
            return
        answers = _FACTS["movement_answers"].encode()
        if self._asked and len(heard) == 1 and heard in answers:
            self.problem = None
            self._asked = False
        else:
            self.problem = f"{self.name} sends bytes nobody asked for"


def open_driver(url: PortUrl) -> Ssc32:
    """Open the SSC-32 at ``url``; DeviceError where there is none."""
    with opening(url) as wire:
        rule_out_others(wire, url, SSC32)
        question = _FACTS["cancel"] + _FACTS["version_query"]
        if wire.ask(question.encode(), understands_ssc32, _ANSWER_S) is None:
            raise no_answer(wire, url, SSC32, _REMEDY)
        return Ssc32(wire)
