"""Fresh sentences, spoken into the virtual microphone, and everything that was seen of them afterwards."""

from __future__ import annotations

import subprocess
import time
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.device.audio import WavWriter
from mandible.device.frames import SAMPLE_RATE_HZ, Pcm
from tests.virtual.live_chip import LiveChip, Move, Pulse
from tests.virtual.live_run import COMMAND, LiveRun, wait_for
from tests.virtual.microphone.pulse import VirtualMicrophone
from tests.virtual.microphone.witness import Witness
from tests.voices.utterance import Utterance

RIG = "skull"
LEAD_IN_SAMPLES = 8000
PAUSE_SAMPLES = 6400
START_S = 30.0
# What was played last is still on its way to the mouth.
AFTERGLOW_S = 1.0


@dataclass(frozen=True)
class Seen:
    """One performance.

    Attributes:
        sentences: what was said.
        starts: first sample of each sentence in ``heard``.
        heard: (n,) every sample that the program recorded; hop h is complete with sample 160 (h + 1).
        given_ns: (n,) when the sound server gave out each of these samples, as the witness knows.
        even_ns: (n,) the same for a server that never holds anything back: evenly spaced, never later.
        moves, pulses: what the board saw and gave.
        report: the program's own summary.
    """

    sentences: list[Utterance]
    starts: list[int]
    heard: Pcm
    given_ns: NDArray[np.int64]
    even_ns: NDArray[np.int64]
    moves: list[Move]
    pulses: list[Pulse]
    report: dict[str, Any]


def perform(sentences: list[Utterance], folder: Path, *options: str) -> Seen:
    """Play the sentences to ``mandible run`` with the simulated chip on its port.

    Raises:
        RuntimeError: what was heard is not what was played, which a sound server does when it is starved.
    """
    played, offsets = joined(sentences)
    with WavWriter(folder / "played.wav") as writer:
        writer.write(played)
    card = folder / "card"
    card.mkdir()
    with VirtualMicrophone(card) as microphone, LiveChip(folder / "chip.csv") as chip:
        port = f"serial://{chip.path}"
        subprocess.run(
            [*COMMAND, "rig", "store", RIG, "--yes", "--port", port], check=True, capture_output=True
        )
        source = ("--source", f"mic:{microphone.name}", "--gain", "off", "--high-pass", "off")
        mouth = ("--rig", RIG, "--port", port, "--record", str(folder / "heard.wav"))
        with (
            Witness(microphone.environment) as witness,
            LiveRun(*source, *mouth, *options, environment=microphone.environment) as run,
        ):
            wait_for(chip.moved, START_S, "the line moves the board")
            microphone.play(folder / "played.wav")
            time.sleep(AFTERGLOW_S)
            report = run.stop()
        chip.close()
        moves, pulses = chip.read()
    with wave.open(str(folder / "heard.wav")) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
    begin = found(played, heard)
    given_ns, even_ns = sample_times(witness, found(played, witness.heard()) - begin, len(heard))
    starts = [begin + offset for offset in offsets]
    return Seen(sentences, starts, heard, given_ns, even_ns, moves, pulses, report)


def joined(sentences: list[Utterance]) -> tuple[Pcm, list[int]]:
    """Return all sentences with pauses around them, and where each begins."""
    pieces, offsets, at = [np.zeros(LEAD_IN_SAMPLES, np.int16)], [], LEAD_IN_SAMPLES
    for sentence in sentences:
        offsets.append(at)
        pieces += [sentence.pcm, np.zeros(PAUSE_SAMPLES, np.int16)]
        at += len(sentence.pcm) + PAUSE_SAMPLES
    return np.concatenate(pieces), offsets


def found(played: Pcm, recording: Pcm) -> int:
    """Return where in the recording ``played`` begins; every sample of it has to be there."""
    begin = int(np.flatnonzero(recording)[0]) - int(np.flatnonzero(played)[0])
    if begin < 0 or not np.array_equal(recording[begin : begin + len(played)], played):
        raise RuntimeError("the sound server did not keep up: what was heard is not what was played")
    return begin


def sample_times(witness: Witness, ahead: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (count,) when each sample was given out, and when it was at the earliest.

    Args:
        witness: who heard them all, with the time of every block.
        ahead: how many samples the witness had heard before the first of those in question.
        count: how many samples are in question.
    """
    ends, at_ns = np.array(witness.blocks, np.int64).T
    samples = np.arange(ahead, ahead + count)
    blocks = np.minimum(np.searchsorted(ends, samples, "right"), len(ends) - 1)
    zero_ns = np.min(at_ns - ends * 1_000_000_000 // SAMPLE_RATE_HZ)
    return at_ns[blocks], zero_ns + (samples + 1) * 1_000_000_000 // SAMPLE_RATE_HZ
