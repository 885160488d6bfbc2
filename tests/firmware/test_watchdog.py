"""A host that goes quiet: to neutral under the slew limit, a moment there, then no more pulses."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge.greeting import HELLO
from mandible.firmware_bridge.protocol import FLAGS
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import JAW, PERIOD_US, eeprom_image

NEUTRAL_US = JAW[2]
STEP_US = JAW[3] * PERIOD_US // 1_000_000
WATCHDOG_MS = 300
HOLD_PERIODS = 25


def open_wide(board: HostedBoard) -> None:
    """Attach channel 0 and bring it to its maximum; the last set-point arrives at the end."""
    assert board.status("attach", mask=1) == "ok"
    for _ in range(30):
        assert board.move(40, 2000) == "ok"
        board.run_periods(1)
    assert board.history[-1][1][0] == 2000
    assert board.move(0, 2000) == "ok"


def test_it_ramps_to_neutral_within_the_watchdog_time_and_then_detaches(board: HostedBoard) -> None:
    open_wide(board)
    widths = [pulses[0] for pulses in board.run(3_000_000)]
    still = WATCHDOG_MS * 1000 // PERIOD_US
    assert widths[: still - 1] == [2000] * (still - 1)
    ramp = list(range(2000 - STEP_US, NEUTRAL_US, -STEP_US))
    assert widths[still - 1 : still - 1 + len(ramp)] == ramp
    rest = widths[still - 1 + len(ramp) :]
    held = rest.index(0)
    assert HOLD_PERIODS <= held <= HOLD_PERIODS + 1
    assert set(rest[:held]) == {NEUTRAL_US}
    assert set(rest[held:]) == {0}


def test_it_tells_that_it_is_parking_and_why_it_detached(board: HostedBoard) -> None:
    open_wide(board)
    board.run(400_000)
    assert board.flags() == FLAGS["watchdog_tripped"] | FLAGS["parking"]
    assert board.move(20, 1800) == "not_attached"
    board.run(2_000_000)
    assert board.flags() == FLAGS["watchdog_tripped"]
    assert board.move(20, 1800) == "not_attached"


def test_only_a_new_attach_brings_it_back(board: HostedBoard) -> None:
    open_wide(board)
    board.run(3_000_000)
    assert board.status("attach", mask=1) == "ok"
    assert board.flags() == 0
    assert board.run_periods(1)[0][0] == NEUTRAL_US


def test_attaching_while_it_parks_goes_on_from_where_it_is(board: HostedBoard) -> None:
    open_wide(board)
    before = board.run(360_000)[-1][0]
    assert NEUTRAL_US < before < 2000
    assert board.status("attach", mask=1) == "ok"
    assert board.move(0, 2000) == "ok"
    after = board.run_periods(1)[0][0]
    assert 0 < after - before <= STEP_US


def test_pings_attaching_again_and_refused_moves_do_not_hold_it_off(board: HostedBoard) -> None:
    open_wide(board)
    for _ in range(WATCHDOG_MS * 1000 // PERIOD_US):
        assert board.flags() == 0
        board.ask("ping", token=1)
        assert board.status("attach", mask=1) == "ok"
        assert board.move(-200, 2000) == "late"
        board.run_periods(1)
    assert board.flags() & FLAGS["parking"]


def test_it_also_watches_a_host_that_attaches_and_never_moves(board: HostedBoard) -> None:
    assert board.status("attach", mask=3) == "ok"
    pulses = board.run(2_000_000)
    assert pulses[0][:2] == (NEUTRAL_US, NEUTRAL_US)
    assert pulses[-1][:2] == (0, 0)


@pytest.mark.parametrize("watchdog_ms", [100, 2000])
def test_the_stored_time_counts(watchdog_ms: int) -> None:
    board = HostedBoard(eeprom_image({0: JAW}, watchdog_ms))
    assert board.ask("hello", **HELLO).number("watchdog_ms") == watchdog_ms
    board.status("attach", mask=1)
    board.run(watchdog_ms * 1000 - PERIOD_US)
    assert board.flags() == 0
    board.run(PERIOD_US)
    assert board.flags() & FLAGS["watchdog_tripped"]
