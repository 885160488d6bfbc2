"""Fresh sentences, spoken into the virtual microphone, with the simulated ATmega328P on the port."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from mandible.benchmarks.lateness.performance import Seen, through_a_microphone
from mandible.benchmarks.lateness.sentence import Programme, Sentence
from mandible.device.frames import Pcm
from tests.virtual.live_chip import LiveChip
from tests.virtual.live_run import COMMAND
from tests.voices.utterance import Utterance

RIG = "skull"
PAUSE_SAMPLES = 6400


def perform(sentences: list[Utterance], folder: Path, *options: str) -> Seen:
    """Play the sentences to ``mandible run`` with the simulated chip on its port.

    Raises:
        DeviceError: what was heard is not what was played, which a sound server does when it is starved.
    """
    with LiveChip(folder / "chip.csv") as chip:
        subprocess.run(
            [*COMMAND, "rig", "store", RIG, "--yes", "--port", chip.port], check=True, capture_output=True
        )
        return through_a_microphone(joined(sentences), folder, chip, "--rig", RIG, *options)


def joined(sentences: list[Utterance]) -> Programme:
    """Return all sentences with a pause behind each."""
    pieces: list[Pcm] = []
    said, starts, at = [], [], 0
    for one in sentences:
        starts.append(at)
        rows = tuple((phone.start_s, phone.end_s, phone.phone) for phone in one.phones)
        said.append(Sentence(rows, "arpabet", len(one.pcm)))
        pieces += [one.pcm, np.zeros(PAUSE_SAMPLES, np.int16)]
        at += len(one.pcm) + PAUSE_SAMPLES
    return Programme(np.concatenate(pieces), tuple(said), tuple(starts))
