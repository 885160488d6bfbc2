"""The board's clock wraps after 71 minutes; nothing that it times may notice."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge.clock import CLOCK_US
from mandible.firmware_bridge.protocol import LIMITS
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import JAW, PERIOD_US, WIDE, eeprom_image

KEY = LIMITS["calibration_key"]
# A start of a period shortly before the clock wraps.
LAST_US = CLOCK_US - CLOCK_US % PERIOD_US


def board_at(start_us: int) -> HostedBoard:
    """Return a board whose clock reads that much, and whose periods begin there."""
    board = HostedBoard(eeprom_image({0: JAW, 1: WIDE}, watchdog_ms=300, idle_detach_s=1))
    board.now_us = start_us
    board._period_us = start_us + PERIOD_US
    board.core.poll(start_us)
    return board


def everything(board: HostedBoard) -> list[object]:
    """Do all that is timed; return what came of it."""
    seen: list[object] = [board.status("attach", mask=3)]
    for hop in range(30):
        seen += [board.move(40, 1400 + 10 * hop, 1500), *board.run(20_000)]
    seen += [board.move(-41, 1500), board.move(1001, 1500), board.move(900, 1500)]
    seen += [*board.run(1_200_000), board.flags(), *board.run(2_000_000), board.flags()]
    seen += [board.status("unlock", key=KEY), board.status("jog", channel=4, pulse_us=1500)]
    seen += [*board.run(700_000), board.status("jog", channel=4, pulse_us=1520), *board.run(60_000)]
    board.core.alarm(True, False)
    seen += [*board.run(80_000), board.flags(), *board.run(40_000), board.flags()]
    board.core.alarm(False, False)
    seen += [*board.run(9_000_000), board.flags(), *board.run(1_100_000), board.flags()]
    return seen


@pytest.mark.parametrize("before_us", range(0, 16_000_000, 500_000))
def test_whenever_it_wraps_all_goes_on_as_ever(before_us: int) -> None:
    start_us = LAST_US - before_us // PERIOD_US * PERIOD_US
    assert everything(board_at(start_us)) == everything(board_at(0))


def test_the_clock_on_the_wire_is_the_one_that_wraps() -> None:
    for now_us in (0xFFFF_FFFF, 0x1_0000_0001, 40_000_000_123):
        board = board_at(now_us)
        assert board.ask("ping", token=0).number("clock_us") == now_us % CLOCK_US
