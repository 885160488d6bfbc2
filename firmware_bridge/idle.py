"""Idle life: a puppet that nobody speaks through still blinks, breathes and looks about. Integers only."""

from __future__ import annotations

from mandible.device.fixed_time import hops
from mandible.device.frames import Frame, Stage
from mandible.firmware_bridge.idle_motion import ONE, ONE_BITS, Blinks, Breath, Drift, chance
from mandible.firmware_bridge.life_keys import Way
from mandible.firmware_bridge.rig import Rig
from mandible.models.visemes import Viseme

# Half a second between the life of a silent puppet and that of a speaking one.
_QUIET_STEPS = 50
# A puppet wakes up in a second, from neutral: it does not leap to where its idle life would have it.
_WAKE_STEPS = 100
_HALF_WEIGHT = 128


class IdleLife:
    """Stage: adds idle moves to ``pulses_us``, inside each channel's limits.

    Where a channel goes depends on the seed and the hop's ``index`` alone; how much of it, on how long
    someone has been speaking or silent: breath and drift calm down in speech, and a channel with poses is
    left to them.
    """

    def __init__(self, rig: Rig) -> None:
        """Take ``[idle]`` and the limits of ``rig``."""
        idle = rig.idle
        self._limits_us = tuple((channel.min_us, channel.max_us) for channel in rig.channels)
        seeds = [chance(idle.seed, kind) for kind in range(3)]
        interval_ms, duration_ms, double_percent = idle.blink.times
        self._blinks = Blinks(seeds[0], hops(interval_ms), hops(duration_ms), double_percent)
        self._blink_ways = idle.blink.ways
        self._breath = Breath(seeds[1], hops(*idle.breath.times))
        self._breath_ways = idle.breath.ways
        interval_hops, move_hops = map(hops, idle.drift.times)
        self._drifts = tuple(
            (Drift(chance(seeds[2], way.channel), interval_hops, move_hops), way) for way in idle.drift.ways
        )
        # Of breath and drift: what is left in speech, and what silence adds, of ONE in all.
        self._kept = ONE * idle.speaking_percent // 100
        self.reset()

    def reset(self) -> None:
        """Start as one who has been silent for long."""
        self._quiet = self._mouth_free = _QUIET_STEPS
        self._awake = 0

    def take_over(self, earlier: Stage) -> None:
        """Be as calm, and as far awake, as ``earlier`` is."""
        if isinstance(earlier, IdleLife):
            self._quiet, self._mouth_free = earlier._quiet, earlier._mouth_free
            self._awake = earlier._awake

    def step(self, frame: Frame) -> Frame:
        """Return the frame with idle moves in ``pulses_us``."""
        if frame.pulses_us is None:
            raise ValueError("idle life needs a mixed frame (pulses_us)")
        if _speaks(frame):
            # Speech has the mouth at once: its first sound may be one for which lips must meet.
            self._quiet, self._mouth_free = max(self._quiet - 1, 0), 0
        else:
            self._quiet = min(self._quiet + 1, _QUIET_STEPS)
            self._mouth_free = min(self._mouth_free + 1, _QUIET_STEPS)
        self._awake = min(self._awake + 1, _WAKE_STEPS)
        pulses_us = list(frame.pulses_us)
        always = ONE * self._awake // _WAKE_STEPS
        calm = always * self._kept + (ONE - self._kept) * (always * self._quiet // _QUIET_STEPS) >> ONE_BITS
        mouth = always * self._mouth_free // _QUIET_STEPS
        index = frame.index
        if self._blink_ways:
            shut = self._blinks.position(index)
            for way in self._blink_ways:
                self._add(pulses_us, way, shut, mouth if way.posed else always)
        if self._breath_ways:
            breath = self._breath.position(index)
            for way in self._breath_ways:
                self._add(pulses_us, way, breath, mouth if way.posed else calm)
        for drift, way in self._drifts:
            self._add(pulses_us, way, drift.position(index), mouth if way.posed else calm)
        return frame.having(pulses_us=tuple(pulses_us))

    def _add(self, pulses_us: list[int], way: Way, position: int, share: int) -> None:
        low_us, high_us = self._limits_us[way.channel]
        moved_us = way.span_us * (position * share >> ONE_BITS) + ONE // 2 >> ONE_BITS
        pulses_us[way.channel] = min(max(pulses_us[way.channel] + moved_us, low_us), high_us)


def _speaks(frame: Frame) -> bool:
    if frame.quiet_hops is not None:
        return frame.quiet_hops == 0
    return frame.weights is not None and int(frame.weights[Viseme.sil]) < _HALF_WEIGHT
