"""What a voice returns: sound, and when it said which phone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mandible.benchmarks.lipsync import SILENCE, Phone
from mandible.device.frames import SAMPLE_RATE_HZ, Pcm
from mandible.models.phones import table

# Reduced vowels and flaps that the voices' lexicons know and our table does not.
_VARIANTS = {"PAU": SILENCE, "AX": "AH", "AXR": "ER", "DX": "T"}
_VOWELS = frozenset(
    ["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"]
)
LEVEL_DBFS = -20.0
PEAK_DBFS = -1.0


@dataclass(frozen=True)
class Utterance:
    """Speech with known phones.

    Attributes:
        pcm: (n,) int16 at 16 kHz, -20 dBFS RMS, or less where that would push the peak over -1 dBFS.
        phones: contiguous from 0, in time order.
        text: what was said.
        voice: who said it, as in ``synthesis.VOICES``.
    """

    pcm: Pcm
    phones: tuple[Phone, ...]
    text: str
    voice: str

    @property
    def duration_s(self) -> float:
        """Length of the sound."""
        return len(self.pcm) / SAMPLE_RATE_HZ


def phones_from(segments: list[tuple[str, float, bool]]) -> tuple[Phone, ...]:
    """Turn a voice's (name, end in seconds, stressed syllable) list into phones.

    Raises:
        ValueError: a phone has no ARPAbet equal.
    """
    phones, start_s = [], 0.0
    for name, end_s, stressed_syllable in segments:
        phone = _VARIANTS.get(name.upper(), name.upper())
        if phone not in table("arpabet"):
            raise ValueError(f"the voice says {name!r}, which is no ARPAbet phone: add it to _VARIANTS")
        stressed = stressed_syllable and phone in _VOWELS and name.upper() not in _VARIANTS
        phones.append(Phone(start_s, end_s, phone, stressed))
        start_s = end_s
    return tuple(phones)


def levelled(pcm: Pcm) -> Pcm:
    """Bring speech to the level that the samples have."""
    sound = pcm.astype(np.float64) / 32768
    gain = 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(sound**2))
    gain = min(gain, 10 ** (PEAK_DBFS / 20) / np.abs(sound).max())
    louder: Pcm = np.round(sound * gain * 32767).astype(np.int16)
    return louder
