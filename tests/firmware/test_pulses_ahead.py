"""A board that works its pulses out a few milliseconds before they begin: the host does not notice."""

from __future__ import annotations

import struct

from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import PERIOD_US, WIDE, eeprom_image


class EarlyBoard(HostedBoard):
    """Plans each period some time before it starts, as a microcontroller does."""

    def __init__(self, eeprom: bytes, ahead_us: int) -> None:
        """Plan ``ahead_us`` before each start."""
        super().__init__(eeprom)
        self._ahead_us = ahead_us
        self._next_us = PERIOD_US
        self.widths: list[int] = []

    def pass_time(self, us: int) -> None:
        """Let time pass."""
        until_us = self.now_us + us
        while self._next_us - self._ahead_us <= until_us:
            self.core.poll(self._next_us - self._ahead_us)
            self.widths.append(struct.unpack_from("<H", self.core.pulses(self._next_us))[0])
            self._next_us += PERIOD_US
        self.now_us = until_us
        self.core.poll(until_us)


def test_a_set_point_reached_ahead_of_its_time_is_where_the_next_line_starts() -> None:
    board = EarlyBoard(eeprom_image({0: WIDE}, watchdog_ms=2000), ahead_us=3333)
    board.status("attach", mask=1)
    board.pass_time(400_000)
    assert board.move(39, 1500) == "ok"
    # The period at 440 ms is planned at 436.7, which empties the queue; a moment later the next one comes.
    board.pass_time(37_500)
    assert board.move(40, 1700) == "ok"
    board.pass_time(60_000)
    at_us, due_us = 439_000, 477_500
    assert abs(board.widths[22] - (1500 + 200 * (460_000 - at_us) / (due_us - at_us))) <= 1
    assert board.widths[23] == 1700


def test_a_set_point_that_replaces_one_reached_ahead_of_its_time_counts() -> None:
    board = EarlyBoard(eeprom_image({0: WIDE}, watchdog_ms=2000), ahead_us=3333)
    board.status("attach", mask=1)
    board.pass_time(400_000)
    assert board.move(39, 1520) == "ok"
    board.pass_time(37_500)
    assert board.move(1, 1550) == "ok"
    board.pass_time(60_000)
    assert board.widths[21] <= 1520
    assert board.widths[-1] == 1550
