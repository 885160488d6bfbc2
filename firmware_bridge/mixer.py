"""Viseme weights to servo pulses: each servo goes to the weighted mean of the rig's poses. Integers only.

Two things outlast the weights. A closure keeps its pose until the servos have got there, for lips that nearly
met did not close. And a mouth that nobody has spoken to for long goes to neutral, gently.
"""

from __future__ import annotations

from operator import mul

from mandible.device.fixed_time import hops
from mandible.device.frames import Frame, Stage
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.servos import Servos, park_reaches_us
from mandible.models.visemes import Viseme

# Weights sum to this.
_FULL = 255
# A servo gets a pulse every 20 ms: a pose that stands for less may be skipped.
STAND_HOPS = 2


class Mixer:
    """Stage: fills ``pulses_us`` with where each servo should go, in the rig's channel order."""

    def __init__(self, rig: Rig, guarded: Servos | None = None) -> None:
        """Take poses, speeds and ``[smoothing]`` of ``rig``.

        ``guarded`` are the servos as the guard moves them (``Guard.servos``), for lines with stages in
        between that move them, too; without, they go where the mixer sends them.
        """
        self._poses_us = rig.poses_us
        # Fifteen poses a channel; multiplied as plain integers, which are quicker than small arrays.
        self._by_channel = tuple(zip(*rig.poses_us, strict=True))
        self._neutral_us = rig.neutral_us
        self._gentle_us = park_reaches_us(rig)
        self._reach_hops = hops(rig.smoothing.closure_reach_ms)
        self._park_hops = hops(rig.smoothing.park_after_ms)
        self._guarded = guarded is not None
        self._servos = Servos(rig) if guarded is None else guarded
        self.reset()

    def reset(self) -> None:
        """Start again from neutral, with no closure to keep."""
        self._servos.reset()
        self._kept: Viseme | None = None
        self._left_hops = self._stood_hops = 0

    def take_over(self, earlier: Stage) -> None:
        """Go on from where ``earlier`` has sent the servos; a closure that it keeps is let go."""
        if isinstance(earlier, Mixer):
            self._servos.take_over(earlier._servos)

    def step(self, frame: Frame) -> Frame:
        """Return the frame with ``pulses_us`` = the sum of weight * pose / 255, rounded to the nearest µs.

        ``frame.weights`` is (15,) uint8 and sums to 255, which keeps the result between the poses. A closure
        that has all of it is kept for up to ``closure_reach_ms`` from its beginning, until every servo has
        stood at its pose for 20 ms. After ``park_after_ms`` of ``frame.quiet_hops`` servos go to neutral.
        """
        if frame.weights is None:
            raise ValueError("the mixer needs a decoded frame (weights)")
        weights: list[int] = frame.weights.tolist()
        self._follow_closure(weights)
        if self._kept is not None:
            wanted_us = self._poses_us[self._kept]
        elif self._park_hops and (frame.quiet_hops or 0) > self._park_hops:
            wanted_us = self._nearer_to_neutral()
        else:
            wanted_us = tuple(
                [(sum(map(mul, weights, poses_us)) + _FULL // 2) // _FULL for poses_us in self._by_channel]
            )
        reach = self._servos.towards if self._guarded else self._servos.move
        there = reach(frame.index, wanted_us) == wanted_us
        if self._kept is not None:
            self._left_hops -= 1
            self._stood_hops = self._stood_hops + 1 if there else 0
        return frame.having(pulses_us=wanted_us)

    def _follow_closure(self, weights: list[int]) -> None:
        asked = _CLOSURE.get(weights.index(_FULL)) if _FULL in weights else None
        if asked is not None:
            if asked != self._kept:
                self._kept, self._left_hops, self._stood_hops = asked, self._reach_hops, 0
        elif self._left_hops <= 0 or self._stood_hops >= STAND_HOPS:
            self._kept = None

    def _nearer_to_neutral(self) -> tuple[int, ...]:
        return tuple(
            min(max(neutral, now - gentle), now + gentle)
            for neutral, now, gentle in zip(
                self._neutral_us, self._servos.now_us, self._gentle_us, strict=True
            )
        )


_CLOSURE = {int(viseme): viseme for viseme in (Viseme.PP, Viseme.FF)}
