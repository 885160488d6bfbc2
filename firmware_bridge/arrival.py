"""Quick servos wait for slow ones, so that a mouth arrives as one. Integers only.

Next to a servo that needs 90 ms to get there, one that needs 40 shows each sound 50 ms too early. So its
pulses are held back by the difference, in whole hops.
"""

from __future__ import annotations

from mandible.device.fixed_time import nearest_hops
from mandible.device.frames import Frame, Stage
from mandible.firmware_bridge.rig import Rig


def held_hops(rig: Rig) -> tuple[int, ...]:
    """For how many hops each channel is held back, in channel order.

    Channels that poses do not move show nothing that has to be in time with speech: 0, and nobody waits
    for them.
    """
    posed, slowest_ms = rig.posed, rig.mouth_delay_ms
    return tuple(
        nearest_hops(slowest_ms - delay_ms) if number in posed else 0
        for number, delay_ms in enumerate(rig.delays_ms)
    )


class Arrival:
    """Stage: holds back ``pulses_us`` of the channels that would arrive too early.

    It stands behind a guard, whose way it repeats later. Where hops were dropped that way has a leap in it,
    so another guard follows.
    """

    def __init__(self, rig: Rig) -> None:
        """Take ``servo_delay_ms`` of the channels of ``rig``."""
        self._held = held_hops(rig)
        self._longest = max(self._held)
        self.reset()

    def reset(self) -> None:
        """Begin anew with the next frame: nothing before it is known."""
        self._index: int | None = None
        # The newest last; as many as the channel that waits longest needs.
        self._past: list[tuple[int, ...]] = []

    def take_over(self, earlier: Stage) -> None:
        """Know what ``earlier`` knows, if it held back as many servos for as long."""
        if isinstance(earlier, Arrival) and earlier._held == self._held:
            self._index, self._past = earlier._index, list(earlier._past)

    def step(self, frame: Frame) -> Frame:
        """Return the frame with each channel's pulse of ``held_hops`` ago; a dropped hop was as before it."""
        if frame.pulses_us is None:
            raise ValueError("the arrival of servos needs a mixed frame (pulses_us)")
        past, newest = self._past, frame.pulses_us
        if self._index is None:
            past = self._past = [newest] * (self._longest + 1)
        else:
            passed = min(max(frame.index - self._index, 0), self._longest + 1)
            if passed:
                past += [past[-1]] * (passed - 1)
                past.append(newest)
                del past[:passed]
            else:
                past[-1] = newest
        self._index = frame.index
        return frame.having(pulses_us=tuple([past[-1 - ago][i] for i, ago in enumerate(self._held)]))
