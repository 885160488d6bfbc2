"""What calibration finds of mouths with hidden stops, how gently, and what the puppet then says."""

from __future__ import annotations

import copy

import pytest

from mandible.firmware_bridge.calibration.found import Found
from mandible.firmware_bridge.calibration.rig_writing import rig_text, with_limits
from mandible.firmware_bridge.protocol import LIMITS
from mandible.firmware_bridge.rig import SHIPPED, Rig
from tests.calibration.draws import DRAWS, Calibrated, calibrated, rig_of
from tests.calibration.spoken import Spoken, every_m

WITHIN_US = 15
ROUNDING_US_PER_S = 1e-6


@pytest.mark.parametrize("seed", range(DRAWS))
def test_limits_are_inside_the_stops_and_close_to_them(seed: int) -> None:
    check_limits(calibrated(seed))


@pytest.mark.parametrize("seed", range(0, DRAWS, 4))
def test_a_stall_input_finds_them_as_well(seed: int) -> None:
    check_limits(calibrated(seed, stalls_at_us=25.0))


def check_limits(drawn: Calibrated) -> None:
    for channel in drawn.rig.channels:
        build = drawn.mouths[channel.name].build
        assert 0 <= channel.min_us - build.low_us <= WITHIN_US
        assert 0 <= build.high_us - channel.max_us <= WITHIN_US
        assert channel.reversed is build.is_reversed
        assert channel.neutral_us == (channel.max_us if build.is_reversed else channel.min_us)


@pytest.mark.parametrize("seed", range(DRAWS))
def test_stops_are_touched_gently(seed: int) -> None:
    for mouth in calibrated(seed).mouths.values():
        assert 0 < mouth.hit_us_per_s <= LIMITS["jog_us_per_s"] + ROUNDING_US_PER_S


@pytest.mark.parametrize("seed", range(DRAWS))
def test_the_saved_rig_closes_on_every_m(seed: int) -> None:
    drawn = calibrated(seed)
    spoken = Spoken(drawn, rig_of(seed))
    name = drawn.rig.channels[0].name
    build = drawn.mouths[name].build
    # Inside the stop by what calibration may leave, and what dead band and play keep from it.
    closed_us = WITHIN_US + build.dead_us + build.play_us
    missed = [m for m in every_m() if spoken.nearest_us(name, *m) > closed_us]
    assert not missed
    assert spoken.widest_us(name) > 0.8 * (build.high_us - build.low_us)


def test_a_rig_the_wrong_way_round_would_not_close() -> None:
    drawn = calibrated(0)
    jaw = drawn.rig.channels[0]
    closed_us = jaw.max_us if jaw.reversed else jaw.min_us
    turned = Found("jaw", jaw.min_us, jaw.max_us, closed_us, 10_000, 400_000, not jaw.reversed)
    wrong = copy.copy(drawn)
    wrong.rig = Rig.parse("wrong", with_limits("wrong", rig_text(SHIPPED / "skull.toml"), [turned]))
    build = drawn.mouths["jaw"].build
    spoken = Spoken(wrong, "skull")
    assert all(spoken.nearest_us("jaw", *m) > WITHIN_US + build.dead_us + build.play_us for m in every_m())
