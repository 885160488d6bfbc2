"""Bringing a puppet to rest while sound goes on: a silent mouth, or servos that are let go."""

from __future__ import annotations

import numpy as np

from mandible.device.frames import Frame
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.servos import Servos
from mandible.models.visemes import VISEME_COUNT, Viseme

_SILENCE = np.zeros(VISEME_COUNT, np.uint8)
_SILENCE[Viseme.sil] = 255
_SILENCE.setflags(write=False)


class Hush:
    """Stage, the first after the decoder and expression: while ``on``, the mouth has nothing to say.

    The decoder before it goes on hearing, so that its noise floor is right when the mouth is wanted again;
    idle life after it goes on moving.
    """

    def __init__(self) -> None:
        self.on = False
        self._hops = 0

    def step(self, frame: Frame) -> Frame:
        """Return the frame as it is, or as one of silence."""
        if not self.on:
            self._hops = 0
            return frame
        self._hops += 1
        return frame.having(
            weights=_SILENCE,
            viseme=Viseme.sil,
            openness=0,
            quiet_hops=max(self._hops, frame.quiet_hops or 0),
            arousal=None if frame.arousal is None else 0,
            emphasis=None if frame.emphasis is None else 0,
        )

    def reset(self) -> None:
        """Nothing to forget: whether the mouth is muted is for people to say."""
        self._hops = 0


class Rest:
    """After the line: while ``on``, goes to neutral at the rig's speed and then gives no pulses at all.

    A board that gets no set-points lets its servos go by itself. Afterwards it follows the line again from
    neutral, as fast as the servos may. What comes in has passed the guard; so has, then, what goes out.
    """

    def __init__(self, rig: Rig) -> None:
        """Take neutral and speeds from ``rig``."""
        self.on = False
        self._neutral_us = rig.neutral_us
        self._servos = Servos(rig)
        self._following = True

    def step(self, frame: Frame) -> Frame:
        """Return the frame with the pulses that are to go out."""
        target_us = frame.pulses_us
        if target_us is None:
            return frame
        if self._following and not self.on:
            self._servos.stand(frame.index, target_us)  # as far as the guard let it come
            return frame
        arrived = self.on and self._servos.now_us == self._neutral_us
        now_us = self._servos.move(frame.index, self._neutral_us if self.on else target_us)
        self._following = not self.on and now_us == target_us
        return frame.having(pulses_us=None if arrived else now_us)
