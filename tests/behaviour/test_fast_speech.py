"""Speech half again as fast as a voice speaks by itself: lips meet all the same, and vowels open the jaw.

The voices are flite's, which can be hurried. Counted are the closures that the decoder shows: whether the
network hears every /p b m/ of a hurried voice is another matter.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest

from mandible.api import build_line
from mandible.benchmarks.lipsync import Hits
from mandible.device.decoder import CLOSURES
from mandible.device.frames import HOP_MS, HOP_NS, HOP_SAMPLES, Frame
from mandible.device.pipeline import HALF_HOP_MS, flushed
from mandible.firmware_bridge.guard import Guard
from mandible.firmware_bridge.mixer import Mixer
from mandible.firmware_bridge.rig import Rig
from mandible.models.phones import parts_of
from tests.behaviour.conftest import Report
from tests.voices import flite
from tests.voices.sentences import SEED_VARIABLE, fresh_seed, sentences
from tests.voices.utterance import Utterance

SENTENCES = 16
RATE = 1.5
# Slower than any shipped jaw; a closure may take its time to arrive, but not for ever.
SLOW_US_PER_S = 6000
MOST_WAIT_HOPS = 8
VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])


@pytest.fixture(scope="module")
def hurried(report: Report) -> list[tuple[Utterance, list[Frame], float]]:
    """Sentences, their decoded frames, and how late a frame is (ms)."""
    seed = fresh_seed()
    print(f"{SEED_VARIABLE}={seed}")
    line, heard = build_line("small"), []
    for number, text in enumerate(islice(sentences(seed), SENTENCES)):
        utterance = flite.speak(text, flite.VOICES[number % len(flite.VOICES)], RATE)
        whole = np.append(utterance.pcm, np.zeros(-len(utterance.pcm) % HOP_SAMPLES, np.int16))
        line.reset()
        source = (Frame(i, i * HOP_NS, pcm) for i, pcm in enumerate(whole.reshape(-1, HOP_SAMPLES)))
        heard.append((utterance, [line.step(frame) for frame in flushed(source, line.delay_ms)]))
    late_ms = line.delay_ms - HALF_HOP_MS
    report(f"{SENTENCES} hurried sentences; {SEED_VARIABLE}={seed} repeats them")
    return [(utterance, frames, late_ms) for utterance, frames in heard]


def slow(rig: Rig) -> Rig:
    channels = tuple(replace(channel, speed_us_per_s=SLOW_US_PER_S) for channel in rig.channels)
    return replace(rig, channels=channels)


def reached(rig: Rig, frames: list[Frame]) -> Hits:
    """Count the closures whose pose every servo is sent for 20 ms, at the latest 80 ms after the closure."""
    mixer, guard = Mixer(rig), Guard(rig)
    pulses_us = [guard.step(mixer.step(frame)).pulses_us for frame in frames]
    shown = [frame.viseme for frame in frames]
    hits, begun = Hits(0, 0), 0
    for hop in range(1, len(shown) + 1):
        if hop < len(shown) and shown[hop] == shown[begun]:
            continue
        viseme = shown[begun]
        if viseme is not None and viseme in CLOSURES:
            there = [one == rig.poses_us[viseme] for one in pulses_us[begun : hop + MOST_WAIT_HOPS]]
            hits += Hits(any(a and b for a, b in pairwise(there)), 1)
        begun = hop
    return hits


@pytest.mark.parametrize(
    "rig", [Rig.load("skull"), slow(Rig.load("skull")), Rig.load("parrot")], ids=["skull", "slow", "parrot"]
)
def test_closures_reach_their_pose(
    rig: Rig, hurried: list[tuple[Utterance, list[Frame], float]], report: Report
) -> None:
    impatient = replace(rig, smoothing=replace(rig.smoothing, closure_reach_ms=0))
    kept = sum((reached(rig, frames) for _, frames, _ in hurried), Hits(0, 0))
    not_kept = sum((reached(impatient, frames) for _, frames, _ in hurried), Hits(0, 0))
    name = f"{rig.channels[0].name} at {rig.channels[0].speed_us_per_s} µs/s"
    report(f"hurried, {name}: closures at their pose for 20 ms {kept}; without waiting {not_kept}")
    assert kept.spoken >= 50
    assert kept.share >= 0.90
    assert kept.share > not_kept.share or not_kept.share == 1


def test_consonants_do_not_erase_short_vowels(
    hurried: list[tuple[Utterance, list[Frame], float]], report: Report
) -> None:
    reached = []
    for utterance, frames, late_ms in hurried:
        opening = np.array([frame.openness for frame in frames]) / 255
        known_ms = (np.arange(len(frames)) + 1) * HOP_MS - late_ms
        for phone in utterance.phones:
            if phone.phone in VOWELS and phone.end_s - phone.start_s < 0.07:
                wanted = max(part.jaw for part in parts_of("arpabet", phone.phone))
                during = (known_ms > phone.start_s * 1000 - 20) & (known_ms < phone.end_s * 1000 + 20)
                reached.append(min(1.0, opening[during].max() / wanted))
    report(f"hurried, vowels under 70 ms: {np.mean(reached):.0%} of their opening ({len(reached)} vowels)")
    assert len(reached) >= 60
    assert np.mean(reached) >= 0.85
