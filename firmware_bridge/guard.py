"""The host's last word on motion: every pulse inside its limits and no faster than its servo. Integers only.

The board enforces the same again with the limits stored on it; this stage keeps honest set-points from being
clamped there, and protects boards that cannot guard themselves.
"""

from __future__ import annotations

from mandible.device.frames import Frame, Stage
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.servos import Servos


class Guard:
    """Stage: replaces ``pulses_us`` by the nearest pulses the servos may take, starting from neutral.

    Attributes:
        servos: where they are.
    """

    def __init__(self, rig: Rig) -> None:
        """Take limits and speeds from ``rig``."""
        self._limits_us = tuple((channel.min_us, channel.max_us) for channel in rig.channels)
        self.servos = Servos(rig)

    def reset(self) -> None:
        """Start again from neutral, where a board attaches."""
        self.servos.reset()

    def take_over(self, earlier: Stage) -> None:
        """Go on from the pulses of ``earlier``; those that other limits leave outside come in at once."""
        if isinstance(earlier, Guard):
            self.servos.take_over(earlier.servos)
            self.servos.now_us = self._inside(self.servos.now_us)

    def step(self, frame: Frame) -> Frame:
        """Return the frame with guarded ``pulses_us``.

        A jump of ``index`` allows that many hops of motion, at most 10; a repeated one allows none.
        """
        if frame.pulses_us is None:
            raise ValueError("the guard needs a mixed frame (pulses_us)")
        pulses_us = self.servos.move(frame.index, self._inside(frame.pulses_us))
        return frame if pulses_us == frame.pulses_us else frame.having(pulses_us=pulses_us)

    def _inside(self, pulses_us: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(
            [
                min(max(int(pulse), low), high)
                for pulse, (low, high) in zip(pulses_us, self._limits_us, strict=True)
            ]
        )
