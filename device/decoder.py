"""From network logits to the weights a mouth follows: softmax, closures, attack and release, one decision.

Integer arithmetic only, and no added delay: a hop's decision depends on that hop and the past. Lips that
close for p, b, m or touch the teeth for f, v are what a viewer misses first, so a closure, once detected,
takes the whole mouth at once and for a minimum time, and smoothing never touches it.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from mandible.device.engines.softmax import Softmax, normalised
from mandible.device.frames import HOP_MS, MEL_BANDS, Frame, Weights
from mandible.models.visemes import VISEME_COUNT, Viseme

FULL = 255
# The smoother's state keeps 7 bits below a weight step, so that slow releases still reach their end.
STATE_BITS = 7
ALPHA_ONE = 1 << 15
CLOSURES = (Viseme.PP, Viseme.FF)

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DecoderSettings:
    """How the mouth follows the network. Times in ms; weights and thresholds in 1/255.

    Attributes:
        vowel_attack_ms, vowel_release_ms: time constants of the vowels.
        consonant_attack_ms, consonant_release_ms: time constants of the consonants.
        rest_attack_ms, rest_release_ms: time constants of silence.
        closure_threshold: a closure begins when its weight reaches this, or is the largest (1..255); it ends
            when its weight falls under half of this and another is larger.
        closure_hold_ms: shortest closure (0..200).
        hysteresis: by how much a viseme must beat the present one to replace it (0..254).
        gate_level: loudness (mean log-mel step, -128..127) under which nothing is speech.
        gate_hold_ms: how long it must stay under it before the mouth is shut (0..2000).
    """

    vowel_attack_ms: int = 10
    vowel_release_ms: int = 25
    consonant_attack_ms: int = 10
    consonant_release_ms: int = 15
    rest_attack_ms: int = 20
    rest_release_ms: int = 10
    closure_threshold: int = 60
    closure_hold_ms: int = 30
    hysteresis: int = 51
    gate_level: int = -70
    gate_hold_ms: int = 120


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


def _alpha(time_constant_ms: int) -> int:
    """Share of the way to the target that one hop covers, Q15: 1 - exp(-hop / time constant)."""
    if time_constant_ms <= 0:
        return ALPHA_ONE
    return round(ALPHA_ONE * (1 - math.exp(-HOP_MS / time_constant_ms)))


def _hops(duration_ms: int) -> int:
    return -(-duration_ms // HOP_MS)


class Decoder:
    """The stage between the engine and the rig."""

    delay_ms = 0

    def __init__(self, output_scale: float, settings: DecoderSettings | None = None) -> None:
        self.settings = settings or DecoderSettings()
        self._softmax = Softmax(output_scale)
        self._openness = openness_table()
        s = self.settings
        attack = {"rest": s.rest_attack_ms, "vowel": s.vowel_attack_ms, "consonant": s.consonant_attack_ms}
        release = {
            "rest": s.rest_release_ms,
            "vowel": s.vowel_release_ms,
            "consonant": s.consonant_release_ms,
        }
        groups = [row["group"] for row in _viseme_rows()]
        self._attack = np.array([_alpha(attack.get(g, 0)) for g in groups], np.int64)
        self._release = np.array([_alpha(release.get(g, 0)) for g in groups], np.int64)
        self._closure_hops = _hops(s.closure_hold_ms)
        self._gate_hops = _hops(s.gate_hold_ms)
        # A closure is harder to leave than to enter, or a wavering one would rattle the lips.
        self._release_at = s.closure_threshold // 2
        self.reset()

    def reset(self) -> None:
        """Start from a closed, silent mouth."""
        self._state = np.zeros(VISEME_COUNT, np.int64)
        self._state[Viseme.sil] = FULL << STATE_BITS
        self._viseme = Viseme.sil
        self._closure: Viseme | None = None
        self._closure_left = 0
        self._quiet_hops = self._gate_hops

    def step(self, frame: Frame) -> Frame:
        """Fill in ``weights``, ``viseme`` and ``openness`` from ``logits`` (and ``mel``, for the gate)."""
        assert frame.logits is not None
        assert frame.mel is not None
        if self._gated(int(frame.mel.sum(dtype=np.int64))):
            posterior = np.zeros(VISEME_COUNT, np.int64)
            posterior[Viseme.sil] = FULL
        else:
            posterior = self._softmax.weights(frame.logits).astype(np.int64)
        self._detect_closure(posterior)
        weights = self._smooth(posterior)
        self._decide(posterior)
        openness = (int(self._openness @ weights.astype(np.int64)) + FULL // 2) // FULL
        return frame.having(weights=weights, viseme=self._viseme, openness=openness)

    def _gated(self, mel_sum: int) -> bool:
        quiet = mel_sum < self.settings.gate_level * MEL_BANDS
        self._quiet_hops = min(self._quiet_hops + 1, self._gate_hops) if quiet else 0
        return quiet and self._quiet_hops >= self._gate_hops

    def _detect_closure(self, posterior: Ints) -> None:
        strongest = max(CLOSURES, key=lambda v: int(posterior[v]))
        present = self._closure
        if posterior[strongest] >= self.settings.closure_threshold or posterior.argmax() == strongest:
            if present is None or posterior[strongest] > posterior[present] + self.settings.hysteresis:
                self._closure, self._closure_left = strongest, self._closure_hops
        elif present is not None and self._closure_left <= 0 and posterior[present] < self._release_at:
            self._closure = None
        self._closure_left -= self._closure is not None

    def _smooth(self, posterior: Ints) -> Weights:
        if self._closure is not None:
            self._state[:] = 0
            self._state[self._closure] = FULL << STATE_BITS
        else:
            step = (posterior << STATE_BITS) - self._state
            alpha = np.where(step > 0, self._attack, self._release)
            self._state += (step * alpha + (ALPHA_ONE >> 1)) >> 15
        return normalised(self._state)

    def _decide(self, posterior: Ints) -> None:
        if self._closure is not None:
            self._viseme = self._closure
            return
        best = int(posterior.argmax())
        opening = self._viseme in CLOSURES
        if opening or posterior[best] > posterior[self._viseme] + self.settings.hysteresis:
            self._viseme = Viseme(best)
