"""From network logits to the weights a mouth follows: softmax, gate, one decision, attack and release.

Integer arithmetic only, and no added delay: a hop's decision depends on that hop and the past. Lips that
close for p, b, m or touch the teeth for f, v are what a viewer misses first, so a closure, once decided,
takes the whole mouth at once, and smoothing never touches it.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from importlib import resources
from operator import mul

import numpy as np
from numpy.typing import NDArray

from mandible.device.decision import CLOSURES, Decision
from mandible.device.decoder_settings import DecoderSettings
from mandible.device.engines.softmax import Softmax, in_proportion
from mandible.device.fixed_time import ALPHA_BITS, STATE_BITS, alpha
from mandible.device.frames import Frame
from mandible.device.gate import Gate
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
        self._openness: list[int] = openness_table().tolist()
        self._decision = Decision(self.settings)
        self._gate = Gate(self.settings)
        attack, release = shares(self.settings)
        self._shares: list[tuple[int, int]] = list(zip(attack.tolist(), release.tolist(), strict=True))
        self.reset()

    def reset(self) -> None:
        """Start from a closed, silent mouth."""
        self._state = _only(Viseme.sil, FULL << STATE_BITS)
        self._bottom = False
        self._loudness = 0
        self._gate.reset()
        self._decision.reset()

    def step(self, frame: Frame) -> Frame:
        """Fill in ``weights``, ``viseme``, ``openness``, ``quiet_hops`` from ``logits`` (and ``mel``)."""
        heard = self.heard(frame)
        viseme = self._decision.step(heard)
        if self._gate.step(self._loudness, heard[Viseme.sil] if viseme == Viseme.sil else 0, self._bottom):
            heard = _SILENCE
        weights = self._smooth(heard, self._decision.closure)
        return frame.having(
            weights=np.array(weights, np.uint8),
            viseme=viseme,
            openness=(sum(map(mul, self._openness, weights)) + FULL // 2) // FULL,
            quiet_hops=self._gate.shut_hops,
        )

    def heard(self, frame: Frame) -> Sequence[int]:
        """Take a hop's ``logits`` and ``mel``; return the fifteen weights that the decision starts from."""
        assert frame.logits is not None
        assert frame.mel is not None
        self._loudness = sum(frame.mel.tolist())
        self._bottom = self._gate.bottom(self._loudness)
        return _SILENCE if self._bottom else self._softmax.shares(frame.logits.tolist())

    def _smooth(self, heard: Sequence[int], closure: Viseme | None) -> list[int]:
        if closure is not None:
            self._state = _only(closure, FULL << STATE_BITS)
            return _only(closure, FULL)
        self._state = [
            now
            + (
                ((target << STATE_BITS) - now) * (up if target << STATE_BITS > now else down) + _HALF
                >> ALPHA_BITS
            )
            for now, target, (up, down) in zip(self._state, heard, self._shares, strict=True)
        ]
        return in_proportion(self._state)


def _only(viseme: Viseme, value: int) -> list[int]:
    values = [0] * VISEME_COUNT
    values[viseme] = value
    return values


_SILENCE = tuple(_only(Viseme.sil, FULL))
_HALF = 1 << (ALPHA_BITS - 1)
