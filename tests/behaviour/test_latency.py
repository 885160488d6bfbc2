"""How late the pulses are: the shift at which they agree best with the phones' jaw, never a click.

Lateness has two parts. The path (window, lookahead, computing, wire, playout, wait for the pulse, the servo's
speed limit) is measured with a mouth that knows the phones and hears them as late as the line does: no
recognition error blurs it, so every sentence must keep the bound. The whole line is measured over all
sentences together, because a single short sentence with errors in it places the best shift only roughly.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mandible.benchmarks.lipsync import lag_ms
from mandible.device.pipeline import HALF_HOP_MS, Line
from mandible.firmware_bridge.rig import Rig
from tests.behaviour import controls
from tests.behaviour.conftest import Report, Shown, play_all
from tests.behaviour.lockstep import Show
from tests.voices.utterance import Utterance

# At 50 Hz; see the latency budget in docs/architecture.md.
SOUND_TO_PULSE_MS = 85


def test_the_path_from_sound_to_pulse_is_short_enough(
    utterances: list[Utterance], rig: Rig, line: Line, chip: Show, report: Report
) -> None:
    delay_ms = line.delay_ms - HALF_HOP_MS
    shown = play_all(utterances, chip, rig, lambda utterance: controls.knowing(utterance, rig, delay_ms))
    lags_ms = np.array([lag_ms([one.performance()]) for one in shown])
    p50, p99 = np.percentile(lags_ms, [50, 99])
    report(f"sound to pulse, the path alone: p50 {p50:.0f} ms, p99 {p99:.0f} ms over {len(shown)} sentences")
    assert p99 <= SOUND_TO_PULSE_MS


def test_the_whole_line_is_not_late(on_chip: list[Shown], report: Report) -> None:
    together_ms = lag_ms([one.performance() for one in on_chip])
    lags_ms = sorted(lag_ms([one.performance()]) for one in on_chip)
    report(
        f"sound to pulse, the whole line: {together_ms:.0f} ms over all sentences;"
        f" one by one {lags_ms[0]:.0f} to {lags_ms[-1]:.0f} ms, median {np.median(lags_ms):.0f} ms"
    )
    assert together_ms <= SOUND_TO_PULSE_MS


def test_a_later_mouth_measures_later(on_chip: list[Shown]) -> None:
    as_it_was = on_chip[0].performance()
    later = replace(as_it_was, starts_s=as_it_was.starts_s + 0.03)
    assert abs(lag_ms([later]) - lag_ms([as_it_was]) - 30) <= 1
