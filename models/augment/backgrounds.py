"""Noise features to mix into chunks: free recordings, coloured noise, babble, servo whine, and rumble."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import SAMPLE_RATE_HZ, Pcm
from mandible.device.frontend import log_mel
from mandible.errors import InputError
from mandible.models.augment import synthesis
from mandible.models.augment.sounds import noises
from mandible.models.augment.synthesis import Floats
from mandible.models.recordings import read_audio
from mandible.models.utterance import Utterance

# How often a noise is of each kind; the kinds that a corpus has not got leave their share to the others.
SHARES = {"recording": 0.45, "coloured": 0.2, "babble": 0.2, "servo": 0.15}
COLOURS = (0.0, 0.5, 1.0, 1.5)
SYNTHETIC_S = 60
BABBLES, BABBLE_VOICES = 3, 7
SERVOS = 4
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pool:
    """Noise, one sound after the other, and how likely each is.

    Attributes:
        names: of the sounds, their kind first.
        mels: (n, 40) int8 features of all sounds.
        first, hops: (sounds,) where in ``mels`` a sound begins, and its length.
        chance: (sounds,) probabilities that add up to 1.
    """

    names: tuple[str, ...]
    mels: NDArray[np.int8]
    first: Ints
    hops: Ints
    chance: Floats

    def rows(self, sound: Ints, start: Ints, hops: int) -> Ints:
        """(b,) sounds and first hops -> (b, hops) rows of ``mels``; a sound that ends starts over."""
        length = self.hops[sound][:, None]
        return self.first[sound][:, None] + (start[:, None] + np.arange(hops)) % length


def pool_of(sounds: dict[str, list[tuple[str, Pcm]]]) -> Pool:
    """Return the pool of named sounds by kind; raises InputError for one shorter than a hop."""
    sounds = {kind: members for kind, members in sounds.items() if members}
    whole = sum(SHARES[kind] for kind in sounds)
    names, mels, chance = [], [], []
    for kind, members in sounds.items():
        for name, pcm in members:
            features = log_mel(pcm)
            if not len(features):
                raise InputError(f"noise {name}: shorter than 10 ms; delete it and its row in the index")
            names.append(f"{kind} {name}")
            mels.append(features)
            chance.append(SHARES[kind] / whole / len(members))
    hops = np.array([len(features) for features in mels])
    return Pool(tuple(names), np.concatenate(mels), np.cumsum(hops) - hops, hops, np.array(chance))


def _babble(rng: np.random.Generator, voices: list[Utterance]) -> Pcm:
    """Return a minute of people talking at once, each as loud as the others."""
    heard: dict[Path, Pcm] = {}  # in a small corpus the same recordings come again and again
    count = SYNTHETIC_S * SAMPLE_RATE_HZ
    mixture = np.zeros(count)
    for _ in range(BABBLE_VOICES):
        line = np.zeros(count)
        at = 0
        while at < count:
            path = voices[rng.integers(len(voices))].path
            if path not in heard:
                heard[path] = read_audio(path)
            talk = heard[path][: count - at]
            line[at : at + len(talk)] = talk
            at += max(1, len(talk))
        mixture += line / max(1.0, float(np.sqrt(np.mean(line**2))))
    return synthesis.at_level(mixture)


def backgrounds(directory: Path, voices: list[Utterance], rng: np.random.Generator) -> Pool:
    """Return the noise that a corpus directory and its training voices allow."""
    return pool_of(
        {
            "recording": list(noises(directory).items()),
            "coloured": [
                (f"f^-{slope}", synthesis.at_level(synthesis.coloured(rng, SYNTHETIC_S, slope)))
                for slope in COLOURS
            ],
            "babble": [(str(i + 1), _babble(rng, voices)) for i in range(BABBLES if voices else 0)],
            "servo": [
                (str(i + 1), synthesis.at_level(synthesis.servo_whine(rng, SYNTHETIC_S)))
                for i in range(SERVOS)
            ],
        }
    )


def rumble(rng: np.random.Generator) -> NDArray[np.int8]:
    """Return (hops, 40) int8 features of a minute of rumble."""
    return log_mel(synthesis.at_level(synthesis.rumble(rng, SYNTHETIC_S)))
