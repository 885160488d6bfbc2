"""The mouth under test: the whole line, from samples to set-points, hop by hop."""

from __future__ import annotations

import numpy as np

from mandible.api import build_line
from mandible.device.frames import HOP_NS, HOP_SAMPLES, Frame
from mandible.device.pipeline import HALF_HOP_MS, Line, flushed
from mandible.firmware_bridge.rig import Rig
from tests.behaviour.lockstep import Motion
from tests.voices.utterance import Utterance


def speaking_line(rig: Rig) -> Line:
    """Return the line as ``run`` builds it: the rig's model, the default engine, mixer and guard."""
    return build_line(rig.model.name, rig.model.engine or None, rig)


def spoken(utterance: Utterance, line: Line) -> Motion:
    """Let the line hear an utterance from the beginning."""
    line.reset()
    hops = np.append(utterance.pcm, np.zeros(-len(utterance.pcm) % HOP_SAMPLES, np.int16))
    frames = (Frame(i, (i + 1) * HOP_NS, pcm) for i, pcm in enumerate(hops.reshape(-1, HOP_SAMPLES)))
    pulses_us = [line.step(frame).pulses_us or () for frame in flushed(frames, line.delay_ms)]
    # A frame speaks for 10 ms of sound; its middle is what a pulse is compared with.
    return Motion(pulses_us, line.delay_ms - HALF_HOP_MS)
