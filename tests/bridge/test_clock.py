"""The board's clock, told from pings."""

from __future__ import annotations

from mandible.firmware_bridge.clock import BoardClock


def test_the_quickest_ping_says_the_offset_until_it_is_too_old() -> None:
    clock = BoardClock()
    assert clock.add(0, 1000, 500_500)
    assert clock.add(10_000, 40_000, 531_000)
    assert clock.board_us(100_000) == 600_000
    # 10 s at 0.5 % may be 50 ms: by then the slow but fresh one is the better witness.
    assert clock.add(10_000_000, 10_030_000, 10_525_000)
    assert clock.board_us(10_040_000) == 10_550_000
    assert clock.uncertainty_us(10_040_000) == 15_050


def test_a_ping_that_contradicts_the_others_means_a_restart() -> None:
    clock = BoardClock()
    assert clock.add(0, 1000, 500_500)
    assert not clock.add(200_000, 201_000, 40_000)
    assert clock.add(200_000, 201_000, 700_500)
