"""The host's last word on motion: every pulse inside its limits and no faster than its servo. Integers only.

The board enforces the same again with the limits stored on it; this stage keeps honest set-points from being
clamped there, and protects boards that cannot guard themselves.
"""

from __future__ import annotations

from mandible.device.frames import HOP_MS, Frame, Stage
from mandible.firmware_bridge.rig import Rig

# Dropped hops are time in which the servo may have moved, but after a long hole it must not leap.
MAX_HOPS = 10


def reaches_us(rig: Rig) -> tuple[int, ...]:
    """How far each channel's pulse may change in one hop, in µs."""
    # Rounded down: no number of hops adds up to more than the speed. The rig's lowest speed gives 1 µs.
    return tuple(channel.speed_us_per_s * HOP_MS // 1000 for channel in rig.channels)


class Guard:
    """Stage: replaces ``pulses_us`` by the nearest pulses the servos may take, starting from neutral."""

    def __init__(self, rig: Rig) -> None:
        """Take limits and speeds from ``rig``."""
        self._low_us = tuple(channel.min_us for channel in rig.channels)
        self._high_us = tuple(channel.max_us for channel in rig.channels)
        self._step_us = reaches_us(rig)
        self._neutral_us = rig.neutral_us
        self.reset()

    def reset(self) -> None:
        """Start again from neutral, where a board attaches."""
        self._now_us = list(self._neutral_us)
        self._index: int | None = None

    def take_over(self, earlier: Stage) -> None:
        """Carry on from where ``earlier`` stands, as far as the limits of this rig allow."""
        if isinstance(earlier, Guard) and len(earlier._now_us) == len(self._now_us):
            ends = zip(earlier._now_us, self._low_us, self._high_us, strict=True)
            self._now_us = [min(max(now_us, low_us), high_us) for now_us, low_us, high_us in ends]
            self._index = earlier._index

    def step(self, frame: Frame) -> Frame:
        """Return the frame with guarded ``pulses_us``.

        A jump of ``index`` allows that many hops of motion, at most 10; a repeated one allows none.
        """
        if frame.pulses_us is None:
            raise ValueError("the guard needs a mixed frame (pulses_us)")
        hops = 1 if self._index is None else min(max(frame.index - self._index, 0), MAX_HOPS)
        self._index = frame.index
        for i, target_us in enumerate(frame.pulses_us):
            reach_us = self._step_us[i] * hops
            now_us = self._now_us[i]
            wanted_us = min(max(int(target_us), self._low_us[i]), self._high_us[i])
            self._now_us[i] = min(max(wanted_us, now_us - reach_us), now_us + reach_us)
        return frame.having(pulses_us=tuple(self._now_us))
