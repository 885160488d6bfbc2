"""Arousal and emphasis to pulses: brows that rise, a head that nods. Integers only."""

from __future__ import annotations

from mandible.device.decision import CLOSURES
from mandible.device.frames import Frame
from mandible.firmware_bridge.rig import Rig

_FULL = 255
# A mouth gets all of it from this part of its range away from a closure.
_FULL_FROM_CLOSURE = 4


class ExpressionChannels:
    """Stage: adds to ``pulses_us`` what the entries of ``[expression]`` say, inside each channel's limits.

    The nearer a channel of the mouth is to where a closure has it, the less is added, and nothing there: lips
    that are to meet meet.
    """

    def __init__(self, rig: Rig) -> None:
        """Take ``[expression]`` and the limits of ``rig``."""
        self._ways = tuple(
            (
                way.channel,
                way.arousal_us,
                way.emphasis_us,
                channel.min_us,
                channel.max_us,
                tuple(rig.poses_us[viseme][way.channel] for viseme in CLOSURES) if way.posed else (),
                (channel.max_us - channel.min_us) // _FULL_FROM_CLOSURE + 1,
            )
            for way in rig.expression
            for channel in (rig.channels[way.channel],)
        )

    def step(self, frame: Frame) -> Frame:
        """Return the frame with expression in ``pulses_us``; one that carries none passes as it is."""
        if frame.pulses_us is None:
            raise ValueError("expression needs a mixed frame (pulses_us)")
        arousal, emphasis = frame.arousal or 0, frame.emphasis or 0
        if not arousal and not emphasis:
            return frame
        pulses_us = list(frame.pulses_us)
        for channel, arousal_us, emphasis_us, low_us, high_us, closed_us, far_us in self._ways:
            moved_us = (arousal_us * arousal + emphasis_us * emphasis + _FULL // 2) // _FULL
            if closed_us:
                posed_us = frame.pulses_us[channel]
                open_us = min(far_us, *(abs(posed_us - pulse_us) for pulse_us in closed_us))
                moved_us = moved_us * open_us // far_us
            pulses_us[channel] = min(max(pulses_us[channel] + moved_us, low_us), high_us)
        return frame.having(pulses_us=tuple(pulses_us))

    def reset(self) -> None:
        """Nothing to forget: the envelopes travel in the frame."""
