"""Mouths to compare with: one that knows the phones, one that follows loudness, one that never opens."""

from __future__ import annotations

import numpy as np

from mandible.benchmarks.lipsync import SILENCE
from mandible.device.frames import HOP_MS, HOP_SAMPLES, Frame
from mandible.firmware_bridge.guard import Guard
from mandible.firmware_bridge.mixer import Mixer
from mandible.firmware_bridge.rig import Rig
from mandible.models.phones import parts_of
from mandible.models.visemes import VISEME_COUNT, Viseme
from tests.behaviour.lockstep import Motion
from tests.voices.utterance import Utterance

FULL = 255
# Time constant of the loudness follower; slower looks sluggish, faster flutters with the voice's pitch.
ENVELOPE_MS = 30


def knowing(utterance: Utterance, rig: Rig, delay_ms: float) -> Motion:
    """A perfect recogniser, as late as the real line: each phone's viseme with its full weight."""
    mixer, guard = Mixer(rig), Guard(rig)
    hops = _hops(utterance, delay_ms)
    pulses_us = []
    for hop in range(hops):
        weights = np.zeros(VISEME_COUNT, np.uint8)
        weights[_viseme_at(utterance, ((hop + 1) * HOP_MS - delay_ms) / 1000)] = FULL
        frame = Frame(hop, 0, np.zeros(HOP_SAMPLES, np.int16), weights=weights)
        pulses_us.append(guard.step(mixer.step(frame)).pulses_us or ())
    return Motion(pulses_us, delay_ms)


def loudness(utterance: Utterance, rig: Rig) -> Motion:
    """A jaw driven by volume, as simple puppets have it: opening in proportion to a smoothed level."""
    delay_ms = HOP_MS / 2
    hops = len(utterance.pcm) // HOP_SAMPLES
    rms = np.sqrt(
        np.mean(utterance.pcm[: hops * HOP_SAMPLES].reshape(hops, -1).astype(np.float64) ** 2, axis=1)
    )
    share = 1 - np.exp(-HOP_MS / ENVELOPE_MS)
    level, levels = 0.0, []
    for value in rms:
        level += share * (value - level)
        levels.append(level)
    opening = np.clip(np.array(levels) / np.percentile(levels, 90), 0, 1)
    guard = Guard(rig)
    pulses_us = []
    for hop, position in enumerate(opening.tolist()):
        wanted_us = tuple(channel.pulse_us(position) for channel in rig.channels)
        frame = Frame(hop, 0, np.zeros(HOP_SAMPLES, np.int16), pulses_us=wanted_us)
        pulses_us.append(guard.step(frame).pulses_us or ())
    return Motion(pulses_us, delay_ms)


def still(utterance: Utterance, rig: Rig) -> Motion:
    """A mouth that rests closed."""
    return Motion([rig.neutral_us] * _hops(utterance, 0), 0.0)


def _hops(utterance: Utterance, delay_ms: float) -> int:
    return int((utterance.duration_s * 1000 + delay_ms) // HOP_MS)


def _viseme_at(utterance: Utterance, time_s: float) -> Viseme:
    """The viseme due at a time; a phone without one (/h/) keeps the mouth where the next wants it."""
    for phone in utterance.phones:
        start_s = phone.start_s
        for part in parts_of("arpabet", phone.phone):
            start_s += part.share * (phone.end_s - phone.start_s)
            if time_s < start_s and part.viseme is not None:
                return part.viseme
    return Viseme[SILENCE.lower()]
