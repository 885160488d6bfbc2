"""Where the servos can be by now: pulses go where they are wanted, no faster than a servo. Integers only."""

from __future__ import annotations

from collections.abc import Sequence

from mandible.device.frames import HOP_MS
from mandible.firmware_bridge.rig import Rig

# Dropped hops are time in which the servo may have moved, but after a long hole it must not leap.
MAX_HOPS = 10
# A parking servo takes so many times as long as it could.
PARK_SLOWNESS = 8


def reaches_us(rig: Rig) -> tuple[int, ...]:
    """How far each channel's pulse may change in one hop, in µs."""
    # Rounded down: no number of hops adds up to more than the speed. The rig's lowest speed gives 1 µs.
    return tuple(channel.speed_us_per_s * HOP_MS // 1000 for channel in rig.channels)


def park_reaches_us(rig: Rig) -> tuple[int, ...]:
    """How far each channel's pulse may change in one hop where it parks, in µs: gently."""
    return tuple(max(1, reach // PARK_SLOWNESS) for reach in reaches_us(rig))


class Servos:
    """The pulses of a rig's servos, starting from neutral.

    Attributes:
        now_us: the present pulse of each channel.
    """

    def __init__(self, rig: Rig) -> None:
        """Take speeds from ``rig``."""
        self._reaches_us = reaches_us(rig)
        self._neutral_us = rig.neutral_us
        self.reset()

    def reset(self) -> None:
        """Start again from neutral, where a board attaches."""
        self.now_us = self._neutral_us
        self._index: int | None = None

    def take_over(self, earlier: Servos) -> None:
        """Stand where ``earlier`` stands, if it moves as many servos."""
        if len(earlier.now_us) == len(self.now_us):
            self.now_us, self._index = earlier.now_us, earlier._index

    def towards(self, index: int, wanted_us: Sequence[int]) -> tuple[int, ...]:
        """Return the pulses that are reached on the way to the wanted ones by hop ``index``.

        A jump of ``index`` allows that many hops of motion, at most 10; a repeated one allows none.
        """
        if wanted_us == self.now_us:
            return self.now_us
        hops = 1 if self._index is None else min(max(index - self._index, 0), MAX_HOPS)
        return tuple(
            [
                min(max(wanted, now - reach * hops), now + reach * hops)
                for wanted, now, reach in zip(wanted_us, self.now_us, self._reaches_us, strict=True)
            ]
        )

    def move(self, index: int, wanted_us: Sequence[int]) -> tuple[int, ...]:
        """Go towards the wanted pulses until hop ``index``; return the pulses that are reached."""
        self.stand(index, self.towards(index, wanted_us))
        return self.now_us

    def stand(self, index: int, pulses_us: tuple[int, ...]) -> None:
        """Take it that the servos have these pulses at hop ``index``."""
        self.now_us, self._index = pulses_us, index
