"""Expression in the whole line: only where it is used, the same live and offline, and kept over a reload."""

from __future__ import annotations

from mandible.api import assemble, build_line, choose, expression_of, motion_of
from mandible.device.audio import open_source
from mandible.device.expression import Expression
from mandible.device.pipeline import drive
from mandible.firmware_bridge.rig import Rig
from tests.cli.command import SAMPLE


def test_a_line_listens_only_where_something_uses_it() -> None:
    assert expression_of(None) is None
    assert expression_of(Rig.load("skull")) is None
    assert isinstance(expression_of(Rig.load("owl")), Expression)
    assert isinstance(expression_of(None, asked=True), Expression)


def test_its_time_is_counted_as_a_stage_of_its_own() -> None:
    line = assemble(*choose("nano", None, None), None, expression=True)
    with open_source(str(SAMPLE)) as source:
        hops = drive(source, line, [])
    assert line.times["expression"].count >= hops


def test_a_reloaded_rig_goes_on_with_the_speaker_it_knows() -> None:
    owl = Rig.load("owl")
    line, unchanged = build_line("nano", rig=owl), build_line("nano", rig=owl)
    heard, expected = [], []
    with open_source(str(SAMPLE)) as source:
        for frame in source:
            if frame.index == 500:
                line.adopt(owl.smoothing, motion_of(owl), expression_of(owl))
            heard.append(line.step(frame).arousal)
            expected.append(unchanged.step(frame).arousal)
    assert heard == expected
    line.adopt(None, (), None)
    assert line.step(frame).arousal is None
