"""Which viseme a mouth shows, hop by hop: lips that close at once, and a choice that does not flicker.

Integer arithmetic on the weights of this hop and of the past, and no added delay. Every number here can be
carried over to a microcontroller as it stands.

A closure begins when the weight of /p b m/ is high in one hop, or fairly high in a few: its running mean sees
the second. It ends when the weight is gone. Between all other visemes the strongest wins, with a lead that
is larger while the present one is new, because a real mouth seldom holds a shape for less than 50 ms.
"""

from __future__ import annotations

from collections.abc import Sequence

from mandible.device.decoder_settings import DecoderSettings
from mandible.device.fixed_time import ALPHA_BITS, STATE_BITS, alpha, hops
from mandible.models.visemes import VISEME_COUNT, Viseme

CLOSURES = (Viseme.PP, Viseme.FF)
_OTHERS = tuple(viseme for viseme in range(VISEME_COUNT) if viseme not in CLOSURES)
_PP, _FF = int(Viseme.PP), int(Viseme.FF)


class Decision:
    """The choice of one viseme a hop.

    Attributes:
        closure: the closure being shown, or None.
    """

    def __init__(self, settings: DecoderSettings) -> None:
        self._settings = settings
        self._alpha = alpha(settings.closure_evidence_ms)
        self._enough = settings.closure_evidence << STATE_BITS
        self._hold_hops = hops(settings.closure_hold_ms)
        self._dwell_hops = hops(settings.dwell_ms)
        self.reset()

    def reset(self) -> None:
        """Start from a silent mouth that has rested for long."""
        self.closure: Viseme | None = None
        self._closure_left = 0
        self._evidence = 0
        self._viseme = int(Viseme.sil)
        self._age = self._dwell_hops

    def step(self, weights: Sequence[int]) -> Viseme:
        """Choose from the fifteen weights of a hop, 0..255 each (plain integers: they are quicker here)."""
        self._follow_closure(weights)
        chosen = self._choose(weights) if self.closure is None else int(self.closure)
        self._age = min(self._age + 1, self._dwell_hops) if chosen == self._viseme else 1
        self._viseme = chosen
        return Viseme(chosen)

    def _follow_closure(self, weights: Sequence[int]) -> None:
        begun = self._begun(weights)
        present = self.closure
        if present is not None:
            if begun is not None and weights[begun] > weights[present] + self._settings.hysteresis:
                present = None
            elif self._closure_left <= 0 and weights[present] < self._settings.closure_release:
                self.closure = present = None
        if present is None and begun is not None:
            self.closure, self._closure_left = begun, self._hold_hops
        self._closure_left -= 1

    def _begun(self, weights: Sequence[int]) -> Viseme | None:
        """The closure that this hop asks for; the stronger where it asks for both."""
        s, lips, teeth = self._settings, weights[_PP], weights[_FF]
        step = (lips << STATE_BITS) - self._evidence
        self._evidence += (step * self._alpha + (1 << (ALPHA_BITS - 1))) >> ALPHA_BITS
        # The mean may still be high when the lips have parted: what is gone does not begin again.
        lasting = self._evidence >= self._enough and lips >= s.closure_release
        meet = lips >= s.closure_threshold or lasting
        if teeth >= s.teeth_threshold and (not meet or teeth > lips):
            return Viseme.FF
        return Viseme.PP if meet else None

    def _choose(self, weights: Sequence[int]) -> int:
        best = max(_OTHERS, key=weights.__getitem__)
        if self._viseme in CLOSURES:
            return best
        lead = self._settings.hysteresis
        if self._age < self._dwell_hops:
            lead += self._settings.dwell_hysteresis * (self._dwell_hops - self._age) // self._dwell_hops
        return best if weights[best] > weights[self._viseme] + lead else self._viseme
