"""The stage that fills ``arousal`` and ``emphasis``, behind the decoder, where something uses them."""

from __future__ import annotations

from mandible.device.expression.arousal import Arousal
from mandible.device.expression.emphasis import Emphasis
from mandible.device.expression.syllables import Syllables
from mandible.device.expression.voice import BLOCK_HOPS, VoiceTracker
from mandible.device.frames import Frame


class Expression:
    """Stage: listens to ``pcm``, 20 ms at a time, and to the decoder's gate where ``quiet_hops`` tells of it.

    Both values speak for the sound of the last 50 to 100 ms: they follow it a little, as a nod does.
    """

    def __init__(self) -> None:
        self._voice = VoiceTracker()
        self._syllables = Syllables()
        self._arousal = Arousal()
        self._emphasis = Emphasis()
        self.reset()

    def reset(self) -> None:
        """Forget the speaker."""
        for part in (self._voice, self._syllables, self._arousal, self._emphasis):
            part.reset()
        self._half = 0
        self._now = 0

    def step(self, frame: Frame) -> Frame:
        """Return the frame with ``arousal`` and ``emphasis``, 0..255 each."""
        self._voice.take(frame.pcm, self._half)
        self._half += 1
        syllable = None
        if self._half == BLOCK_HOPS:
            self._half = 0
            voice = self._voice.step(shut=bool(frame.quiet_hops))
            syllable = self._syllables.step(voice)
            self._now = self._arousal.step(voice, syllable)
        return frame.having(arousal=self._now, emphasis=self._emphasis.step(syllable))
