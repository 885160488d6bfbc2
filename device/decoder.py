"""From network logits to the weights a mouth follows: softmax, gate, one decision, attack and release.

Integer arithmetic only, and no added delay: a hop's decision depends on that hop and the past. Lips that
close for p, b, m or touch the teeth for f, v are what a viewer misses first, so a closure, once decided,
takes the whole mouth at once, and smoothing never touches it.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from mandible.device.decision import CLOSURES, Decision
from mandible.device.decoder_settings import DecoderSettings
from mandible.device.engines.softmax import Softmax, normalised
from mandible.device.fixed_time import ALPHA_BITS, STATE_BITS, alpha, hops
from mandible.device.frames import MEL_BANDS, Frame, Mel, Weights
from mandible.models.visemes import VISEME_COUNT, Viseme

__all__ = ["CLOSURES", "Decoder", "DecoderSettings", "openness_table", "shares"]

FULL = 255

Ints = NDArray[np.int64]


@cache
def _viseme_rows() -> tuple[dict[str, str], ...]:
    table = resources.files("mandible.models") / "tables" / "visemes.csv"
    rows = tuple(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    if tuple(row["viseme"] for row in rows) != tuple(v.name for v in Viseme):
        raise ValueError("visemes.csv does not list the visemes in their order")
    return rows


def openness_table() -> Ints:
    """(15,) jaw opening of each viseme, 0 (closed) to 255 (wide)."""
    return np.array([round(int(row["openness_percent"]) * FULL / 100) for row in _viseme_rows()], np.int64)


def shares(settings: DecoderSettings) -> tuple[Ints, Ints]:
    """(15,) and (15,) share of the way up, and down, that a hop covers for each viseme, Q15."""
    s = settings
    attack = {"rest": s.rest_attack_ms, "vowel": s.vowel_attack_ms, "consonant": s.consonant_attack_ms}
    release = {"rest": s.rest_release_ms, "vowel": s.vowel_release_ms, "consonant": s.consonant_release_ms}
    groups = [row["group"] for row in _viseme_rows()]
    return (
        np.array([alpha(attack.get(group, 0)) for group in groups], np.int64),
        np.array([alpha(release.get(group, 0)) for group in groups], np.int64),
    )


class Decoder:
    """The stage between the engine and the rig."""

    delay_ms = 0

    def __init__(self, output_scale: float, settings: DecoderSettings | None = None) -> None:
        self.settings = settings or DecoderSettings()
        self._softmax = Softmax(output_scale)
        self._openness = openness_table()
        self._decision = Decision(self.settings)
        self._attack, self._release = shares(self.settings)
        self._gate_hops = hops(self.settings.gate_hold_ms)
        self.reset()

    def reset(self) -> None:
        """Start from a closed, silent mouth."""
        self._state = np.zeros(VISEME_COUNT, np.int64)
        self._state[Viseme.sil] = FULL << STATE_BITS
        self._quiet_hops = self._gate_hops
        self._decision.reset()

    def step(self, frame: Frame) -> Frame:
        """Fill in ``weights``, ``viseme`` and ``openness`` from ``logits`` (and ``mel``, for the gate)."""
        heard = self.heard(frame)
        viseme = self._decision.step(heard.tolist())
        weights = self._smooth(heard.astype(np.int64), self._decision.closure)
        openness = (int(self._openness @ weights.astype(np.int64)) + FULL // 2) // FULL
        return frame.having(weights=weights, viseme=viseme, openness=openness)

    def heard(self, frame: Frame) -> Weights:
        """Take a hop's ``logits`` and ``mel``; return the weights that the decision starts from."""
        assert frame.logits is not None
        assert frame.mel is not None
        weights = self._softmax.weights(frame.logits)
        if self._gated(frame.mel):
            weights = np.zeros(VISEME_COUNT, np.uint8)
            weights[Viseme.sil] = FULL
        return weights

    def _gated(self, mel: Mel) -> bool:
        quiet = int(mel.sum(dtype=np.int64)) < self.settings.gate_level * MEL_BANDS
        self._quiet_hops = min(self._quiet_hops + 1, self._gate_hops) if quiet else 0
        return quiet and self._quiet_hops >= self._gate_hops

    def _smooth(self, heard: Ints, closure: Viseme | None) -> Weights:
        if closure is not None:
            self._state[:] = 0
            self._state[closure] = FULL << STATE_BITS
        else:
            step = (heard << STATE_BITS) - self._state
            share = np.where(step > 0, self._attack, self._release)
            self._state += (step * share + (1 << (ALPHA_BITS - 1))) >> ALPHA_BITS
        return normalised(self._state)
