"""A snapshot goes out as plain JSON, whatever its parts hold."""

from __future__ import annotations

import json
import math
from enum import Enum

import numpy as np

from mandible.device.daemon.snapshot import Hop, plain
from mandible.device.frames import Frame
from tests.daemon.standing import snapshot, spoken_frame


def test_a_snapshot_survives_json_without_loss() -> None:
    told = snapshot().to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["source"] == {
        "description": "the microphone",
        "state": "listening",
        "reconnects": 1,
        "dropped_hops": 3,
    }
    assert told["hop"]["viseme"] == "aa"
    assert told["hop"]["weights"][10] == 255
    assert told["hop"]["latency_ms"] == 1.5
    assert told["hop"]["gate_open"] is True
    assert told["stages"]["front_end"]["count"] == 3
    assert told["stages"]["front_end"]["max_ms"] == 3.0
    assert told["link"]["refusals"] == {"late": 4}


def test_an_undecoded_frame_and_silence_have_a_level_and_nothing_else() -> None:
    hop = Hop.of(Frame(0, 5, np.zeros(160, np.int16), emitted_ns=4))
    assert hop.level_db == -60.0
    assert (hop.viseme, hop.weights, hop.gate_open, hop.pulses_us, hop.latency_ms) == (None,) * 5


def test_sil_is_a_viseme_like_any_other() -> None:
    from mandible.models.visemes import Viseme

    assert Hop.of(spoken_frame().having(viseme=Viseme.sil)).viseme == "sil"


def test_what_json_has_no_word_for_becomes_plain() -> None:
    class Kind(Enum):
        one = 1

    told = plain({1: math.nan, "a": (np.int16(3), np.float32("inf")), "b": {Kind.one}})
    assert told == {"1": None, "a": [3, None], "b": ["Kind.one"]}
