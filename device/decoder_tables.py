"""The decoder's settings as the integers its C code counts with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.device.decoder import openness_table, shares
from mandible.device.decoder_settings import DecoderSettings
from mandible.device.engines.softmax import exponentials
from mandible.device.fixed_time import STATE_BITS, alpha, hops
from mandible.device.frames import MEL_BANDS

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DecoderTables:
    """Everything ``mandible_decoder.c`` looks up.

    Attributes:
        constants: by the names they have there, in its order.
        softmax: (n,) 65535 * exp(-steps * output scale), zeros at the end left out.
        attack, release: (15,) share of the way up, and down, that a hop covers for each viseme, Q15.
        lead: lead that another viseme needs, by the age of the present one in hops.
        openness: (15,) how far each viseme opens the jaw, 0 to 255.
    """

    constants: dict[str, int]
    softmax: Ints
    attack: Ints
    release: Ints
    lead: Ints
    openness: Ints

    @classmethod
    def of(cls, output_scale: float, settings: DecoderSettings) -> DecoderTables:
        """Count them out for a network whose logits have ``output_scale``."""
        attack, release = shares(settings)
        constants = {
            "CLOSURE_THRESHOLD": settings.closure_threshold,
            "CLOSURE_EVIDENCE": settings.closure_evidence << STATE_BITS,
            "EVIDENCE_SHARE": alpha(settings.closure_evidence_ms),
            "TEETH_THRESHOLD": settings.teeth_threshold,
            "CLOSURE_RELEASE": settings.closure_release,
            "CLOSURE_HOPS": hops(settings.closure_hold_ms),
            "HYSTERESIS": settings.hysteresis,
            "DWELL_HOPS": hops(settings.dwell_ms),
            "GATE_SUM": settings.gate_level * MEL_BANDS,
            "GATE_HOPS": hops(settings.gate_hold_ms),
            "GATE_MARGIN": settings.gate_margin * MEL_BANDS,
            "GATE_ROOM_HOPS": hops(settings.gate_room_ms),
            "GATE_SILENCE_HOPS": hops(settings.gate_silence_ms),
        }
        softmax = np.trim_zeros(exponentials(output_scale), "b")
        return cls(constants, softmax, attack, release, _leads(settings), openness_table())


def _leads(settings: DecoderSettings) -> Ints:
    dwell_hops = hops(settings.dwell_ms)
    surplus = [settings.dwell_hysteresis * (dwell_hops - age) // dwell_hops for age in range(dwell_hops)]
    # A new viseme has the age 1, also where none counts as new.
    surplus += [0] * (2 if dwell_hops == 0 else 1)
    return np.array([settings.hysteresis + lead for lead in surplus], np.int64)
