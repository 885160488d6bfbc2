"""The noise gate: nothing but the room is heard, so the mouth stays shut. Integers only.

A room that hums or hisses leaves a network a little unsure, and a mouth that shows its doubts twitches. The
gate shuts it where it has been too quiet for any speech, where the network has heard silence for a while and
that was no louder than the room, and where it has heard silence for long, however loud. The network stays the
judge: while it hears speech, however soft, the gate is open. What the room sounds like is the lowest loudness
of the last one to two seconds: it falls within a hop and rises within two seconds (minimum statistics,
R. Martin 2001, in their simplest form).
"""

from __future__ import annotations

from mandible.device.decoder_settings import DecoderSettings
from mandible.device.fixed_time import hops
from mandible.device.frames import MEL_BANDS

# The floor is the lowest of this block and the one before it: speech dips to the room within a second.
BLOCK_HOPS = 100
LOUDEST = 127 * MEL_BANDS
MOST_HOPS = 65535
# Silence may still be the viseme decided when the network has all but left it: such doubt is no silence.
LEAST_SILENCE = 32


class Gate:
    """What loudness (the sum of a hop's features) and the network's opinion say about speech.

    Attributes:
        shut_hops: for how many hops the gate has been shut, at most 65535; 0 while it is open.
    """

    def __init__(self, settings: DecoderSettings) -> None:
        self._bottom = settings.gate_level * MEL_BANDS
        self._margin = settings.gate_margin * MEL_BANDS
        self._hold_hops = hops(settings.gate_hold_ms)
        self._room_hops = hops(settings.gate_room_ms)
        self._silence_hops = hops(settings.gate_silence_ms)
        self.reset()

    def reset(self) -> None:
        """Shut, and without a notion of the room."""
        self.shut_hops = 0
        self._low_hops, self._calm_hops = self._hold_hops, self._room_hops
        self._silent_hops = self._silence_hops
        self._block_hops = 0
        self._lowest = self._before = LOUDEST

    def bottom(self, loudness: int) -> bool:
        """Take a hop's loudness; return whether it has been too low for any speech, for long enough."""
        low = loudness < self._bottom
        self._low_hops = min(self._low_hops + 1, self._hold_hops) if low else 0
        return low and self._low_hops >= self._hold_hops

    def step(self, loudness: int, silence: int, bottom: bool) -> bool:
        """Return whether the gate is shut.

        Args:
            loudness: of the same hop.
            silence: the weight of silence (0..255) where that is the viseme decided, 0 where it is another.
            bottom: what ``bottom`` said.
        """
        silent = silence >= LEAST_SILENCE
        calm = self._is_room(loudness) and silent
        self._calm_hops = min(self._calm_hops + 1, self._room_hops) if calm else 0
        self._silent_hops = min(self._silent_hops + 1, self._silence_hops) if silent else 0
        shut = (
            bottom
            or (calm and self._calm_hops >= self._room_hops)
            or 0 < self._silence_hops <= self._silent_hops
        )
        self.shut_hops = min(self.shut_hops + 1, MOST_HOPS) if shut else 0
        return shut

    def _is_room(self, loudness: int) -> bool:
        """Follow the room's loudness; return whether this hop is no louder."""
        self._lowest = min(self._lowest, loudness)
        room = min(self._lowest, self._before)
        self._block_hops += 1
        if self._block_hops == BLOCK_HOPS:
            self._before, self._lowest, self._block_hops = self._lowest, LOUDEST, 0
        return loudness <= room + self._margin
