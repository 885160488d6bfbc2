"""Ten minutes of speech: the thousandth syllable comes out as the first one did, and memory stays flat."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from mandible.api import build_line
from mandible.device.audio import open_source
from mandible.device.frames import Frame
from mandible.firmware_bridge.rig import Rig
from tests.cli.command import SAMPLE

REPEATS = 60
GROWTH_BYTES = 64_000


@pytest.mark.full
def test_ten_minutes_without_drift_or_growth() -> None:
    line = build_line(rig=Rig.load("skull"))
    with open_source(str(SAMPLE)) as source:
        sound = [frame.pcm for frame in source]
    spoken: list[np.ndarray] = []
    tracemalloc.start()
    after_warm_up = 0
    for repeat in range(REPEATS):
        frames = [line.step(Frame(repeat * len(sound) + i, 0, pcm)) for i, pcm in enumerate(sound)]
        # Weights, pulses: everything that reaches a puppet.
        spoken = [*spoken[-1:], np.array([[*frame.weights, *frame.pulses_us] for frame in frames])]
        if repeat > 1:
            np.testing.assert_array_equal(spoken[0], spoken[1])
        if repeat == 2:
            after_warm_up = tracemalloc.get_traced_memory()[0]
    growth = tracemalloc.get_traced_memory()[0] - after_warm_up
    tracemalloc.stop()
    assert growth < GROWTH_BYTES
