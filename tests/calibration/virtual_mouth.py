"""A mouth behind real firmware, and a person who sees nothing of it but where it stands.

The servo follows its pulse with a dead band and a top speed; the linkage has play; two stops hold the part.
The stops are in µs of pulse, as if servo and linkage were perfect: what calibration has to find.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Build:
    """How a mouth is made. Lengths in µs of pulse; ``dead_us`` and ``play_us`` to each side."""

    low_us: int
    high_us: int
    is_reversed: bool = False
    dead_us: float = 4.0
    play_us: float = 0.0
    servo_us_per_s: float = 6000.0
    # Where the servo happens to stand before its first pulse.
    asleep_us: float = 1500.0


class Mouth:
    """One part, its servo and its stops.

    Attributes:
        at_us: where the part stands, between the stops.
        horn_on: whether the servo moves the part.
        hit_us_per_s: the fastest at which the part ever came to a stop's face.
        pressed_us: how hard the servo now presses against a stop: as if it were so far beyond it.
    """

    def __init__(self, build: Build, *, horn_on: bool = True) -> None:
        self.build = build
        self.horn_on = horn_on
        self.hit_us_per_s = 0.0
        self.pressed_us = 0.0
        self._servo_us = build.asleep_us
        self.at_us = self._held(build.asleep_us)

    @property
    def openness(self) -> float:
        """0 at the closed stop, 1 at the open one."""
        share = (self.at_us - self.build.low_us) / (self.build.high_us - self.build.low_us)
        return 1 - share if self.build.is_reversed else share

    def put_horn_on(self, pulse_us: int) -> None:
        """Fix the horn so that the stops lie where the build says; the servo stands at ``pulse_us``."""
        self.horn_on = True
        self.at_us = self._held(float(pulse_us))

    def pulse(self, pulse_us: int, period_us: int) -> None:
        """Live through one period with this pulse; 0 is none, and the servo is limp."""
        self.pressed_us = 0.0
        if pulse_us == 0:
            return
        most_us = self.build.servo_us_per_s * period_us / 1e6
        wanted_us = _followed(self._servo_us, float(pulse_us), self.build.dead_us)
        servo_us = min(max(wanted_us, self._servo_us - most_us), self._servo_us + most_us)
        if not self.horn_on:
            self._servo_us = servo_us
            return
        free_us = _followed(self.at_us, servo_us, self.build.play_us)
        held_us = self._held(free_us)
        if held_us != free_us:
            if held_us != self.at_us or self.at_us not in (self.build.low_us, self.build.high_us):
                speed = abs(free_us - self.at_us) * 1e6 / period_us
                self.hit_us_per_s = max(self.hit_us_per_s, speed)
            self.pressed_us = abs(wanted_us - self._servo_us)
            # The stop holds the part, and the part the servo.
            servo_us += held_us - free_us
        self._servo_us, self.at_us = servo_us, held_us

    def _held(self, at_us: float) -> float:
        return min(max(at_us, float(self.build.low_us)), float(self.build.high_us))


def _followed(follower_us: float, leader_us: float, slack_us: float) -> float:
    """Return where what follows ends up, when it moves only if it is farther off than the slack."""
    return min(max(follower_us, leader_us - slack_us), leader_us + slack_us)
