"""Features to run networks on: real speech, and noise that reaches every corner of int8."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import MEL_BANDS
from mandible.device.frontend import log_mel

FOLDER = Path(__file__).parent
SEQUENCE_MODEL = FOLDER / "sequence.tflite"
STREAMING_MODEL = FOLDER / "streaming.tflite"
GOLDEN = FOLDER / "golden_tcn.npz"
SAMPLE = FOLDER.parents[1] / "samples" / "puppet.wav"


def speech_hops() -> NDArray[np.int8]:
    """(n, 40) features of the spoken sample, about 1,000 hops."""
    with wave.open(str(SAMPLE)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return log_mel(pcm.astype(np.int16))


def levels_of_speech() -> NDArray[np.int8]:
    """(n, 40) the spoken sample at four levels: as it is, 9 and 18 dB quieter, 9 dB louder (2 steps a dB)."""
    speech = speech_hops().astype(np.int64)
    return np.concatenate([np.clip(speech + steps, -128, 127) for steps in (0, -18, -36, 18)]).astype(np.int8)


def random_hops(count: int, seed: int = 0) -> NDArray[np.int8]:
    """(count, 40) independent features over the whole range."""
    return np.random.default_rng(seed).integers(-128, 128, (count, MEL_BANDS)).astype(np.int8)


def extreme_hops() -> NDArray[np.int8]:
    """(n, 40) features at the ends of the range: long runs, steps, and alternation."""
    low, high = np.full((40, MEL_BANDS), -128, np.int8), np.full((40, MEL_BANDS), 127, np.int8)
    alternating = np.stack([low, high], axis=1).reshape(-1, MEL_BANDS)
    return np.concatenate([low, high, low, alternating, np.zeros((40, MEL_BANDS), np.int8)])


def all_hops(random_count: int = 1500) -> NDArray[np.int8]:
    """(n, 40) all of the above, one after the other; more than 2,000 hops."""
    return np.concatenate([speech_hops(), random_hops(random_count), extreme_hops()])
