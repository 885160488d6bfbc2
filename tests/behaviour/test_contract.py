"""Lips close for /p b m/ and the jaw opens for a stressed /a/, in sentences and voices nobody tuned to.

/p b m/ counts as shown if, between 40 ms before it begins and 40 ms after it ends, one pulse is within 15 %
of closed; a stressed /a/ (AA, AE, AY or AW in a stressed syllable) if one pulse is past 60 % of the range.
The known constant delay from sound to pulse is taken off first. The other mouths show that the measure can
tell: one that knows the phones must pass, one that follows the volume and one that rests must not.
"""

from __future__ import annotations

import pytest

from mandible.benchmarks.lipsync import Hits
from mandible.device.pipeline import HALF_HOP_MS, Line
from mandible.firmware_bridge.rig import Rig
from tests.behaviour import controls
from tests.behaviour.boards import HostBoard
from tests.behaviour.conftest import Report, Shown, play_all
from tests.behaviour.lockstep import Show
from tests.behaviour.speaking import spoken
from tests.voices.utterance import Utterance

ENOUGH = 0.80


def both(shown: list[Shown]) -> str:
    return f"/p b m/ closed {closed(shown)}, stressed /a/ open {opened(shown)}"


def closed(shown: list[Shown]) -> Hits:
    return sum((one.closures() for one in shown), Hits(0, 0))


def opened(shown: list[Shown]) -> Hits:
    return sum((one.openings() for one in shown), Hits(0, 0))


@pytest.fixture(scope="module")
def host(rig: Rig) -> Show:
    """The firmware core on this computer: the same motion as on the chip, in less time."""
    return Show(rig, HostBoard())


def test_lips_close_for_p_b_m(on_chip: list[Shown], report: Report) -> None:
    hits = closed(on_chip)
    report(f"line, simulated chip: /p b m/ closed {hits}; by voice: {by_voice(on_chip)}")
    assert hits.spoken >= 60
    assert hits.share >= ENOUGH


def test_the_jaw_opens_for_stressed_a(on_chip: list[Shown], report: Report) -> None:
    hits = opened(on_chip)
    report(f"line, simulated chip: stressed /a/ open {hits}")
    assert hits.spoken >= 40
    assert hits.share >= ENOUGH


def test_every_set_point_was_accepted(on_chip: list[Shown]) -> None:
    assert [one.recording.refused for one in on_chip] == [0] * len(on_chip)


def test_the_core_on_this_computer_moves_like_the_chip(
    utterances: list[Utterance], rig: Rig, line: Line, host: Show, on_chip: list[Shown], report: Report
) -> None:
    on_host = play_all(utterances, host, rig, lambda utterance: spoken(utterance, line))
    report(f"line, core on this computer: {both(on_host)}")
    # Their pulses come at different moments, so a phone at the edge may go either way.
    assert abs(closed(on_host).share - closed(on_chip).share) < 0.05
    assert abs(opened(on_host).share - opened(on_chip).share) < 0.05


def test_a_mouth_that_knows_the_phones_passes(
    utterances: list[Utterance], rig: Rig, line: Line, host: Show, report: Report
) -> None:
    delay_ms = line.delay_ms - HALF_HOP_MS
    shown = play_all(utterances, host, rig, lambda utterance: controls.knowing(utterance, rig, delay_ms))
    report(f"a mouth that knows the phones: {both(shown)}")
    assert closed(shown).share > 0.95
    assert opened(shown).share > 0.95


def test_a_jaw_driven_by_volume_does_not_close_for_p_b_m(
    utterances: list[Utterance], rig: Rig, host: Show, report: Report
) -> None:
    shown = play_all(utterances, host, rig, lambda utterance: controls.loudness(utterance, rig))
    report(f"a jaw driven by volume: {both(shown)}")
    assert closed(shown).share < ENOUGH
    assert opened(shown).share > ENOUGH


def test_a_mouth_at_rest_does_not_open(utterances: list[Utterance], rig: Rig, host: Show) -> None:
    shown = play_all(utterances, host, rig, lambda utterance: controls.still(utterance, rig))
    assert closed(shown).share == 1
    assert opened(shown).share == 0


def by_voice(shown: list[Shown]) -> str:
    voices = sorted({one.utterance.voice for one in shown})
    shares = {v: closed([one for one in shown if one.utterance.voice == v]).share for v in voices}
    return ", ".join(f"{voice} {share:.0%}" for voice, share in shares.items())
