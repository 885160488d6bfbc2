"""A puppet on a Cortex-M4 alone: it hears the sample, and its servos do what the host's would."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.benchmarks import one_chip as benchmark
from mandible.quantize.one_chip.simulated import Seen, run
from tests.one_chip import puppets
from tests.one_chip.puppets import Puppet

RIGS = ("skull", "humanoid")


@pytest.fixture(scope="module", params=RIGS)
def puppet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Puppet:
    return puppets.make(tmp_path_factory.mktemp(request.param), "cortex-m4", request.param)


@pytest.fixture(scope="module")
def seen(puppet: Puppet) -> Seen:
    return run(puppet.built.elf, puppet.board, puppet.channels, puppets.speech(0, 10.59))


def test_its_visemes_and_set_points_are_the_hosts_on_the_whole_sample(seen: Seen, puppet: Puppet) -> None:
    assert len(seen.hops) == 1059
    puppets.assert_as_the_host(seen, puppet)
    assert len({hop.shown for hop in seen.hops}) > 8


def test_its_pulses_are_those_of_the_hosts_build(seen: Seen, puppet: Puppet) -> None:
    puppets.assert_pulses_of_the_host(seen, puppet)
    assert len({period.pulses_us for period in seen.periods}) > 100


def test_every_hop_was_in_time_and_accepted(seen: Seen, puppet: Puppet) -> None:
    assert {hop.move for hop in seen.hops} == {0}
    assert [hop.attach for hop in seen.hops] == [0] + [None] * 1058
    lead_us = 1000 * puppet.rig.link.lead_ms
    assert {hop.due_us - hop.heard_us for hop in seen.hops} == {lead_us}
    assert [hop.heard_us for hop in seen.hops] == [10_000 * n for n in range(1, 1060)]


def test_the_worst_hop_leaves_time_on_64_mhz(seen: Seen) -> None:
    cycles = max(seen.instructions) * benchmark.CYCLES_PER_INSTRUCTION
    assert max(seen.instructions) > 50_000
    assert cycles <= benchmark.CLOCK_MHZ["cortex-m4"] * 10_000 / 2


def test_when_the_microphone_dies_the_core_brings_it_to_rest(seen: Seen, puppet: Puppet) -> None:
    puppets.assert_comes_to_rest(seen, puppet)


def test_the_same_sound_gives_the_same_run(puppet: Puppet, tmp_path: Path) -> None:
    pcm = puppets.speech(1, 0.5)
    first, second = (run(puppet.built.elf, puppet.board, puppet.channels, pcm) for _ in range(2))
    assert first == second
