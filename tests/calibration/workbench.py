"""A calibrator, the real firmware core, mouths and a person on one bench, in virtual time."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.calibration.calibrator import Calibrator
from mandible.firmware_bridge.calibration.wizard import Wizard
from mandible.firmware_bridge.rig import Channel
from tests.calibration.patient_person import Person
from tests.calibration.virtual_mouth import Mouth

STEP_US = 10_000
PERIOD_US = 20_000
_PULSES = struct.Struct("<12H")


class Workbench:
    """Runs them in steps of 10 ms.

    Attributes:
        pulses_us: what each output gets in the present period.
        host_runs, cable: set to False to stop the program, or to pull the cable.
    """

    def __init__(
        self,
        wizard: Wizard,
        channels: Mapping[Channel, Mouth],
        board: _board.Board,
        stalls_at_us: float | None = None,
    ) -> None:
        """Put them together; a servo pressed ``stalls_at_us`` into a stop raises the board's stall input."""
        self.now_us = 0
        self.calibrator = Calibrator(wizard, 0)
        self.board = board
        self.pulses_us: tuple[int, ...] = (0,) * 12
        self.host_runs = self.cable = True
        self.effects: dict[str, Callable[[], bool]] = {}
        self._channels = channels
        self._stalls_at_us = stalls_at_us
        self._period_us = 0

    def step(self, person: Person | None = None) -> None:
        """Let 10 ms pass."""
        self.now_us += STEP_US
        calibrator, wizard = self.calibrator, self.calibrator.wizard
        if self.host_runs:
            data = self.board.transmit()
            calibrator.receive(data if self.cable else b"", self.now_us)
            if wizard.prompt.effect is not None:
                wizard.came_of_it(self.effects[wizard.prompt.effect]())
            elif person is not None and (word := person.look(wizard, self.now_us)) is not None:
                calibrator.answer(word, self.now_us)
            calibrator.poll(self.now_us)
            sent = calibrator.transmit()
            self.board.receive(sent if self.cable else b"", self.now_us)
        self.board.poll(self.now_us)
        while self._period_us <= self.now_us:
            self.pulses_us = _PULSES.unpack(self.board.pulses(self._period_us))
            for channel, mouth in self._channels.items():
                mouth.pulse(self.pulses_us[channel.output], PERIOD_US)
            self._period_us += PERIOD_US
        if self._stalls_at_us is not None:
            hardest_us = max(mouth.pressed_us for mouth in self._channels.values())
            self.board.alarm(hardest_us > self._stalls_at_us, False)

    def run(self, duration_us: int, person: Person | None = None) -> None:
        """Let time pass."""
        end_us = self.now_us + duration_us
        while self.now_us < end_us:
            self.step(person)

    def run_until(
        self, done: Callable[[], bool], person: Person | None = None, limit_us: int = 600_000_000
    ) -> None:
        """Let time pass until ``done``; ten minutes are enough for anything."""
        end_us = self.now_us + limit_us
        while not done():
            prompt = self.calibrator.wizard.prompt.name
            assert self.now_us < end_us, f"still asked {prompt!r} after {limit_us / 1e6:.0f} s"
            self.step(person)
