"""A puppet on a Pico alone: samples come in on a microphone's wires, pulses go out on the servo pins."""

from __future__ import annotations

import numpy as np
import pytest

from mandible.benchmarks import one_chip as benchmark
from mandible.firmware_bridge.protocol import STATUS
from mandible.quantize.one_chip.simulated import Seen, rp2040, run
from tests.one_chip import puppets
from tests.one_chip.puppets import Puppet

SPEECH = puppets.speech(0.9, 0.7)


@pytest.fixture(scope="module")
def puppet(tmp_path_factory: pytest.TempPathFactory) -> Puppet:
    return puppets.make(tmp_path_factory.mktemp("i2s"), "pico", "parrot")


@pytest.fixture(scope="module")
def seen(puppet: Puppet) -> Seen:
    return run(puppet.built.elf, puppet.board, puppet.channels, SPEECH)


def test_an_i2s_microphone_is_heard_bit_by_bit(seen: Seen) -> None:
    assert seen.given == SPEECH


def test_visemes_set_points_and_pulses_are_the_hosts(seen: Seen, puppet: Puppet) -> None:
    puppets.assert_as_the_host(seen, puppet)
    puppets.assert_pulses_of_the_host(seen, puppet)
    assert {hop.move for hop in seen.hops} == {0}
    assert len({period.pulses_us for period in seen.periods}) > 15


def test_the_pins_give_what_was_planned(seen: Seen, puppet: Puppet) -> None:
    planned = [
        (period.start_us, output, width_us)
        for period in seen.periods
        for output, width_us in enumerate(period.pulses_us)
        if width_us
    ]
    given = sorted((pulse.start_us, pulse.output, pulse.width_us) for pulse in seen.pulses)
    assert len(given) == len(planned)
    epoch_us = given[0][0] - planned[0][0]
    for (at_us, output, width_us), (start_us, wanted, wanted_us) in zip(given, planned, strict=True):
        assert output == wanted
        assert abs(width_us - wanted_us) <= 1
        assert abs(at_us - epoch_us - start_us) <= 1


def test_the_worst_hop_leaves_time_on_133_mhz(seen: Seen) -> None:
    cycles = max(seen.instructions) * benchmark.CYCLES_PER_INSTRUCTION
    assert max(seen.instructions) > 200_000
    assert cycles <= benchmark.CLOCK_MHZ["pico"] * 10_000 / 2
    # What the simulator makes of loads and branches stays below what is assumed.
    assert max(seen.cycles) <= cycles


def test_when_the_microphone_dies_the_core_brings_it_to_rest(seen: Seen, puppet: Puppet) -> None:
    puppets.assert_comes_to_rest(seen, puppet)


def test_a_microphone_that_comes_back_is_followed_again(puppet: Puppet) -> None:
    seen = rp2040.run(puppet.built.elf, puppet.channels, SPEECH[: 50 * 320], "i2s", 0.25, 1500)
    puppets.assert_pulses_of_the_host(seen, puppet)
    attached = [number for number, hop in enumerate(seen.hops) if hop.attach == 0]
    assert len(attached) == 2
    away, back = seen.hops[attached[1] - 1], seen.hops[attached[1]]
    assert back.heard_us - away.heard_us > 1_400_000
    between = [p.pulses_us for p in seen.periods if away.moved_us < p.start_us < back.moved_us]
    assert set(between[-1]) == {0}
    assert {hop.move for hop in seen.hops} == {0}
    assert any(seen.periods[-80].pulses_us)


# A servo that is held fast is let go after 100 ms; for a hot one the mouth is brought to rest first.
@pytest.mark.parametrize(("pin", "within_us"), [(14, 160_000), (15, 800_000)])
def test_an_input_that_goes_low_ends_all_pulses(pin: int, within_us: int, puppet: Puppet) -> None:
    low_at_s, pcm = 0.1, SPEECH[: 40 * 320]
    after_ms = max(50, within_us // 1000 - 200)
    seen = rp2040.run(puppet.built.elf, puppet.channels, pcm, "i2s", low=(pin, low_at_s), after_ms=after_ms)
    low_us = seen.hops[round(low_at_s * 100)].heard_us
    given = [period.start_us for period in seen.periods if any(period.pulses_us)]
    assert low_us < given[-1] <= low_us + within_us
    assert seen.periods[-1].start_us > low_us + within_us
    # It tries again with every hop, and is refused as long as the input is low.
    assert {hop.move for hop in seen.hops[-10:]} == {STATUS["not_attached"]}


@pytest.mark.parametrize(("microphone", "alike"), [("adc", 0.999), ("pdm", 0.98)])
def test_other_microphones_are_heard_as_well(
    microphone: str, alike: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    puppet = puppets.make(tmp_path_factory.mktemp(microphone), "pico", "skull", microphone)
    said = puppets.samples(puppets.speech(1.0, 0.3))
    # An analog one does not die, it hears silence.
    seen = rp2040.run(puppet.built.elf, 1, said.tobytes(), microphone, after_ms=30)
    heard = puppets.samples(seen.given)[: len(said)]
    # The filter of PDM takes a few samples.
    best = max(
        (np.corrcoef(said[200 : len(heard) - 20], heard[200 + late : len(heard) - 20 + late])[0, 1], late)
        for late in range(8)
    )
    assert best[0] > alike
    assert 0.7 < np.std(heard[200:].astype(float)) / np.std(said[200:].astype(float)) < 1.3
    puppets.assert_as_the_host(seen, puppet)
    puppets.assert_pulses_of_the_host(seen, puppet)


@pytest.mark.full
def test_the_whole_sample(tmp_path_factory: pytest.TempPathFactory) -> None:
    puppet = puppets.make(tmp_path_factory.mktemp("whole"), "pico", "skull")
    pcm = puppets.speech(0, 10.59)
    seen = run(puppet.built.elf, puppet.board, 1, pcm)
    assert seen.given == pcm
    puppets.assert_as_the_host(seen, puppet)
    puppets.assert_pulses_of_the_host(seen, puppet)
    assert {hop.move for hop in seen.hops} == {0}
