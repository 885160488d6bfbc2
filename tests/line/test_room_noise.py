"""Where nobody speaks, the mouth stays shut, whatever the room sounds like and however it is amplified.

Measured is the share of time in which the skull's jaw is sent further than 5 % open, from two seconds on.
Steady rooms and a keyboard are told from speech; a crowd some way off is not always, for it is speech: there
the gate only helps. The same measure without the gate shows that it can tell.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.device import engines
from mandible.device.decoder import Decoder
from mandible.device.frames import HOP_SAMPLES, Frame
from mandible.device.frontend import log_mel
from mandible.firmware_bridge.guard import Guard
from mandible.firmware_bridge.mixer import Mixer
from mandible.firmware_bridge.rig import Rig
from mandible.models import released
from tests.line.rooms import ROOMS, room

RIG = Rig.load("skull")
JAW = RIG.channels[0]
SETTLED_HOPS = 200
AJAR = 0.05
MOST = {"pink": 0.02, "fan": 0.02, "hum": 0.04, "keyboard": 0.04, "distant talk": 0.25}
# A crowd amplified to -20 dBFS and more is as loud as speech.
MOST_LOUD_TALK, LOUD_DBFS = 0.6, -25
# Level as a microphone hears it and the gain that follows, both in dB.
LOUD = [(-50, 20), (-35, 0)]
EVERY = [(level, gain) for level in (-60, -50, -40, -35) for gain in (0, 20)]
NO_SOUND = np.zeros(HOP_SAMPLES, np.int16)


@cache
def heard(
    model: str, name: str, level_dbfs: int, gain_db: int, seconds: int
) -> tuple[float, NDArray[np.int8], NDArray[np.int8]]:
    """Scale of the logits, features and logits of a room."""
    engine = engines.create(engines.default_name(), released.resolve(model))
    mels = log_mel(room(name, level_dbfs, gain_db, seconds))
    return engine.output_scale, mels, np.array([engine.step(mel) for mel in mels])


def ajar(model: str, name: str, level: tuple[int, int], seconds: int, **smoothing: int) -> float:
    """Share of time in which the jaw is further open than 5 %."""
    scale, mels, logits = heard(model, name, *level, seconds)
    rig = replace(RIG, smoothing=replace(RIG.smoothing, **smoothing))
    stages = Decoder(scale, rig.smoothing), Mixer(rig), Guard(rig)
    opening = []
    for index, (mel, row) in enumerate(zip(mels, logits, strict=True)):
        frame = Frame(index, 0, NO_SOUND, mel=mel, logits=row)
        for stage in stages:
            frame = stage.step(frame)
        assert frame.pulses_us is not None
        opening.append((frame.pulses_us[0] - JAW.min_us) / (JAW.max_us - JAW.min_us))
    return float(np.mean(np.array(opening[SETTLED_HOPS:]) > AJAR))


def most(name: str, level: tuple[int, int]) -> float:
    return MOST_LOUD_TALK if name == "distant talk" and sum(level) > LOUD_DBFS else MOST[name]


@pytest.mark.parametrize("level", LOUD)
@pytest.mark.parametrize("name", ROOMS)
def test_the_jaw_rests_in_a_room(name: str, level: tuple[int, int]) -> None:
    assert ajar("small", name, level, 20) <= most(name, level)


@pytest.mark.full
@pytest.mark.parametrize("level", EVERY)
@pytest.mark.parametrize("name", ROOMS)
@pytest.mark.parametrize("model", ["nano", "small"])
def test_the_jaw_rests_for_a_minute_in_every_room(model: str, name: str, level: tuple[int, int]) -> None:
    assert ajar(model, name, level, 60) <= most(name, level)


@pytest.mark.parametrize("name", ROOMS)
def test_without_the_gate_it_would_not(name: str) -> None:
    ungated = ajar("small", name, (-50, 20), 20, gate_margin=0, gate_silence_ms=0)
    assert ungated > 0.03
    assert ajar("small", name, (-50, 20), 20) < ungated / 2
