"""Further takes of an utterance: faster or slower, in a room, through a microphone and a codec."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soxr

from mandible.device.frames import SAMPLE_RATE_HZ, Pcm
from mandible.models.augment import codecs, synthesis
from mandible.models.augment.codecs import Codec
from mandible.models.augment.sounds import rooms
from mandible.models.augment.synthesis import Floats
from mandible.models.utterance import Utterance

SLOWEST, FASTEST = 0.86, 1.16
ROOM_SHARE, HISS_SHARE, CODEC_SHARE = 0.75, 0.5, 0.15
HISS_DBFS = (-84.0, -56.0)
HISS_SLOPES = (-0.3, 0.0, 0.25, 0.5)
HISS_S = 30


@dataclass(frozen=True)
class Take:
    """What is done to one utterance.

    Attributes:
        rate: speaking rate as a multiple of the original's.
        room: index of the impulse response, or None.
        hiss: index of the colour, first sample and level of the microphone's noise, or None.
        codec: what it is sent through at last, or None.
    """

    rate: float
    room: int | None
    hiss: tuple[int, int, float] | None
    codec: Codec | None

    def described(self) -> list[str]:
        """Return what was done, a few words each."""
        words = [f"speed {self.rate:.2f}"]
        if self.room is not None:
            words.append(f"room {self.room}")
        if self.hiss is not None:
            words.append(f"microphone hiss {self.hiss[2]:.0f} dBFS")
        if self.codec is not None:
            words.append(self.codec.name)
        return words


class Takes:
    """The waveform-level changes that a corpus directory's rooms allow."""

    def __init__(self, directory: Path) -> None:
        """Read the rooms; raises InputError for an unusable one, DeviceError without ``soundfile``."""
        self._rooms = rooms(directory)
        self._codecs = codecs.available()
        rng = np.random.default_rng(3)
        self._hiss = [synthesis.coloured(rng, HISS_S, slope) for slope in HISS_SLOPES]

    def draw(self, rng: np.random.Generator) -> Take:
        """Draw what to do to one utterance; always as many numbers, so that one choice moves no other."""
        rate = float(rng.uniform(SLOWEST, FASTEST))
        in_room, hissing, coded = rng.random(3) < (ROOM_SHARE, HISS_SHARE, CODEC_SHARE)
        room = int(rng.integers(len(self._rooms)))
        colour, start = int(rng.integers(len(self._hiss))), int(rng.integers(HISS_S * SAMPLE_RATE_HZ))
        hiss = (colour, start, float(rng.uniform(*HISS_DBFS)))
        codec = self._codecs[rng.integers(len(self._codecs))]
        return Take(rate, room if in_room else None, hiss if hissing else None, codec if coded else None)

    def spoken_again(self, utterance: Utterance, pcm: Pcm, rng: np.random.Generator) -> tuple[Utterance, Pcm]:
        """Return another take of an utterance, its times moved with the sound.

        Args:
            utterance: whose ``starts_s`` and ``ends_s`` fit ``pcm``.
            pcm: (n,) int16 at 16 kHz.
            rng: what is done is drawn from it.
        """
        return self.performed(utterance, pcm, self.draw(rng))

    def performed(self, utterance: Utterance, pcm: Pcm, take: Take) -> tuple[Utterance, Pcm]:
        """Return the utterance and its (n / rate,) int16 samples as the take has them."""
        sound = soxr.resample(pcm.astype(np.float64), SAMPLE_RATE_HZ * take.rate, SAMPLE_RATE_HZ)
        if take.room is not None and len(sound):
            sound = _in_room(sound, self._rooms[take.room])
        if take.hiss is not None:
            colour, start, level_dbfs = take.hiss
            noise = self._hiss[colour]
            sound = sound + noise[np.arange(start, start + len(sound)) % len(noise)] * (
                32768 * 10 ** (level_dbfs / 20)
            )
        spoken = np.clip(np.round(sound), -32768, 32767).astype(np.int16)
        if take.codec is not None and len(spoken):
            spoken = codecs.through(take.codec, spoken)
        moved = replace(
            utterance,
            seconds=utterance.seconds / take.rate,
            starts_s=utterance.starts_s / take.rate,
            ends_s=utterance.ends_s / take.rate,
        )
        return moved, spoken


def _in_room(sound: Floats, response: Floats) -> Floats:
    size = 1 << (len(sound) + len(response) - 2).bit_length()  # fast, and long enough not to wrap
    wet: Floats = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)
    return wet[: len(sound)]
