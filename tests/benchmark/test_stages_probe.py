"""Stages: every part of the line that runs is timed hop by hop, beside how well that line hears."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mandible.api import assemble, motion_of
from mandible.benchmarks import hearing, speech
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.devices import Device
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.probes import stages
from mandible.benchmarks.stage_times import HEARD, WHOLE, timed
from mandible.benchmarks.stage_times import stages as names_of
from mandible.device import engines
from mandible.errors import MandibleError
from mandible.firmware_bridge.rig import Rig
from mandible.models import released

HOPS = 120


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Measurement]:
    """Two rounds of a short look at nano."""
    settings = stages.Settings(models=("nano",), hops=HOPS, rounds=2, passes=2)
    bench = Bench(Device("host"), speech.sample(), tmp_path_factory.mktemp("stages"))
    return list(stages.measure(settings, bench))


def test_every_stage_has_a_sample_for_every_hop_of_every_pass(found: list[Measurement]) -> None:
    timed_ones = [one for one in found if one.figure != "accuracy"]
    told = [one.subject["stage"] for one in timed_ones]
    assert told == [WHOLE, *HEARD, "mixer", "guard"]
    for one in timed_ones:
        assert [len(samples) for samples in one.rounds] == [2 * HOPS] * 2
        assert min(one.samples) >= 0


def test_the_stages_together_take_about_what_the_line_takes(found: list[Measurement]) -> None:
    best = {one.subject["stage"]: min(one.of_rounds) for one in found if one.figure != "accuracy"}
    parts_us = sum(us for stage, us in best.items() if stage != WHOLE)
    # What is between them belongs to the line only; a busy machine may slow either.
    assert 0.3 * best[WHOLE] < parts_us < 2 * best[WHOLE]


def test_accuracy_stands_beside_the_line(found: list[Measurement]) -> None:
    (heard,) = [one for one in found if one.figure == "accuracy"]
    (line,) = [one for one in found if one.figure == "line_us"]
    assert heard.subject == line.subject
    assert 0.5 < heard.value < 1


def test_any_engine_and_a_rig_with_a_life_of_its_own_can_be_taken_apart() -> None:
    rig = Rig.load("owl")
    hops = speech.sample().recordings[0].hops()[:5]
    times = timed("nano", "reference", rig, hops, 1)
    assert times.shape == (1, 5, len(names_of(motion_of(rig))))
    assert np.all(times >= 0)
    # A network in numpy takes longer than everything else.
    assert times[..., 2].sum() > times[..., 4:].sum()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"models": ("tiny",)}, "tiny"),
        ({"engine": "cc"}, "engine 'cc' does not exist"),
        ({"rig": "giraffe"}, "giraffe"),
    ],
)
def test_what_does_not_exist_is_said_in_one_line(
    changed: dict[str, object], said: str, tmp_path: Path
) -> None:
    settings = stages.Settings(**{"models": ("nano",), "hops": 10, "rounds": 1, **changed})  # type: ignore[arg-type]
    with pytest.raises(MandibleError) as refused:
        list(stages.measure(settings, Bench(Device("host"), speech.sample(), tmp_path)))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_accuracy_over_several_speakers_tells_how_much_it_moves_with_them() -> None:
    (one,) = speech.sample().recordings
    backwards = replace(one, speaker="another", pcm=one.pcm[::-1].copy())
    line = assemble(released.resolve("nano"), engines.default_name(), None)
    alone, both = (
        hearing.accuracy("p", {"model": "nano"}, hearing.score(line, speech.Speech("s", heard)), {})
        for heard in ((one,), (one, backwards))
    )
    assert alone.expected == (alone.value, alone.value)
    low, high = both.expected
    assert low < both.value < high
