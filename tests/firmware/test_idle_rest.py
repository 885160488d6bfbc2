"""Channels that rest without pulses because nothing moves them, and what else may happen to them then."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge.protocol import FLAGS, LIMITS
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import JAW, PERIOD_US, eeprom_image

NEUTRAL_US = JAW[2]
AWAY_US = JAW[1]


def hold(board: HostedBoard, pulse_us: int, ms: int) -> None:
    """Ask for one pulse on channel 0 for a while."""
    for _ in range(ms // 20):
        assert board.move(20, pulse_us) == "ok"
        board.run(20_000)


def resting(pulse_us: int) -> HostedBoard:
    """Return a board whose jaw rests without pulses at one width; its idle time is one second."""
    board = HostedBoard(eeprom_image({0: JAW, 1: JAW}, watchdog_ms=300, idle_detach_s=1))
    board.status("attach", mask=1)
    hold(board, pulse_us, 2500)
    assert board.history[-1][1][0] == 0
    assert board.flags() & FLAGS["idle"]
    return board


def test_what_rests_is_attached_but_reports_no_pulse() -> None:
    state = resting(AWAY_US).ask("query")
    assert state.number("attached_mask") == 1
    assert state.numbers("pulse_us") == (0,) * 12


def test_it_rests_when_its_time_is_over_and_not_before() -> None:
    board = HostedBoard(eeprom_image({0: JAW}, watchdog_ms=300, idle_detach_s=1))
    board.status("attach", mask=1)
    hold(board, NEUTRAL_US, 1500)
    given = [pulses[0] for _, pulses in board.history]
    assert 1_000_000 // PERIOD_US <= given.index(0) <= 1_000_000 // PERIOD_US + 2
    assert not any(given[given.index(0) :])


def test_only_standing_still_counts_as_rest() -> None:
    board = HostedBoard(eeprom_image({0: JAW}, watchdog_ms=300, idle_detach_s=1))
    board.status("attach", mask=1)
    for width in (NEUTRAL_US, NEUTRAL_US + 1) * 4:
        hold(board, width, 700)
    assert all(pulses[0] for _, pulses in board.history[1:])


def test_a_watchdog_brings_what_rests_elsewhere_to_neutral_and_lets_go_of_what_rests_there() -> None:
    board = resting(AWAY_US)
    way = [pulses[0] for pulses in board.run(3_000_000)]
    given = [pulse for pulse in way if pulse]
    assert given[0] > given[-1] == NEUTRAL_US
    assert way[-1] == 0
    assert board.flags() == FLAGS["watchdog_tripped"]
    there = resting(NEUTRAL_US)
    assert not any(map(any, there.run(3_000_000)))
    assert there.ask("query").number("attached_mask") == 0
    assert there.flags() == FLAGS["watchdog_tripped"]


@pytest.mark.parametrize("ending", ["detach", "stall", "heat", "watchdog"])
def test_whatever_lets_go_of_it_the_next_attachment_starts_with_pulses(ending: str) -> None:
    board = resting(NEUTRAL_US)
    if ending == "detach":
        board.status("detach", mask=1)
    else:
        board.core.alarm(ending == "stall", ending == "heat")
        board.run(2_000_000)
        board.core.alarm(False, False)
        board.run(0)
    assert not board.flags() & FLAGS["idle"]
    assert board.ask("query").number("attached_mask") == 0
    assert board.status("attach", mask=1) == "ok"
    hold(board, NEUTRAL_US, 900)
    assert all(pulses[0] for _, pulses in board.history[-40:])


def test_attaching_while_it_parks_ends_its_rest() -> None:
    board = resting(NEUTRAL_US)
    board.run(320_000)
    assert board.flags() & FLAGS["parking"]
    assert board.status("attach", mask=1) == "ok"
    assert board.run(PERIOD_US)[0][0] == NEUTRAL_US
    assert not board.flags() & FLAGS["idle"]
    # It begins as softly as any that had no pulses.
    hold(board, AWAY_US, 100)
    soft_us = LIMITS["soft_start_us_per_s"] * PERIOD_US // 1_000_000
    assert 0 < board.history[-1][1][0] - NEUTRAL_US <= 5 * soft_us
