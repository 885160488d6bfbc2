"""Boards with fewer outputs, or slower ones, than the protocol allows: what they have not got they refuse."""

from __future__ import annotations

import struct

import pytest

from mandible.firmware_bridge.crc import crc16
from mandible.firmware_bridge.greeting import HELLO
from mandible.firmware_bridge.protocol import LIMITS
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import JAW, PERIOD_US, WIDE, eeprom_image, limits_fields, store_fields

KEY = LIMITS["calibration_key"]


@pytest.fixture
def small() -> HostedBoard:
    """Return a board with six outputs that gives at most 100 pulses a second, a session open."""
    board = HostedBoard(channels=6, shortest_period_us=10_000)
    assert board.status("unlock", key=KEY) == "ok"
    return board


def test_what_it_has_not_got_is_refused(small: HostedBoard) -> None:
    assert small.status("set_limits", **limits_fields(5, JAW)) == "ok"
    assert small.status("set_limits", **limits_fields(6, JAW)) == "bad_limits"
    assert small.status("jog", channel=6, pulse_us=1500) == "bad_limits"
    assert small.status("store", **store_fields(300, 9999)) == "bad_limits"
    assert small.status("store", **store_fields(300, 10_000)) == "ok"
    welcome = small.ask("hello", **HELLO)
    assert (welcome.number("channels"), welcome.number("calibrated_mask")) == (6, 1 << 5)
    assert welcome.number("shortest_period_us") == 10_000
    assert small.status("attach", mask=1 << 6) == "no_limits"
    assert small.status("attach", mask=1 << 5) == "ok"
    assert small.run_periods(1)[0] == (0, 0, 0, 0, 0, JAW[2], *[0] * 6)
    assert small.ask("query").numbers("pulse_us") == (0, 0, 0, 0, 0, JAW[2])


def test_it_starts_with_what_it_stored(small: HostedBoard) -> None:
    small.status("set_limits", **limits_fields(5, WIDE))
    small.status("store", **store_fields(300, 10_000))
    again = HostedBoard(small.core.eeprom(), channels=6, shortest_period_us=10_000)
    assert again.ask("hello", **HELLO).number("calibrated_mask") == 1 << 5
    assert again.core.period_us == 10_000


@pytest.mark.parametrize("channels", [1, 6, 11])
def test_memory_of_a_board_with_more_outputs_does_not_count(channels: int) -> None:
    board = HostedBoard(eeprom_image({0: JAW, 11: JAW}), channels=channels)
    assert board.ask("hello", **HELLO).number("calibrated_mask") == 0
    assert HostedBoard(eeprom_image({0: JAW}), channels=channels).status("attach", mask=1) == "no_limits"


def test_limits_of_outputs_it_has_not_got_spoil_its_memory() -> None:
    for output, stored_mask in ((5, 1 << 5), (6, 0)):
        image = bytearray(eeprom_image({output: JAW}))
        image[1] = 6
        image[-2:] = struct.pack("<H", crc16(bytes(image[:-2])))
        board = HostedBoard(bytes(image), channels=6)
        assert board.ask("hello", **HELLO).number("calibrated_mask") == stored_mask


def test_memory_with_a_period_it_cannot_keep_does_not_count() -> None:
    image = eeprom_image({0: JAW}, period_us=5000)
    assert HostedBoard(image, shortest_period_us=5000).status("attach", mask=1) == "ok"
    slow = HostedBoard(image, shortest_period_us=5001)
    assert slow.status("attach", mask=1) == "no_limits"
    assert slow.core.period_us == PERIOD_US


def test_an_idle_time_has_a_bound() -> None:
    longest_s = LIMITS["idle_detach_max_s"]
    board = HostedBoard(eeprom_image({0: JAW}))
    board.status("unlock", key=KEY)
    assert board.status("store", **store_fields(300, idle_detach_s=longest_s + 1)) == "bad_limits"
    assert board.status("store", **store_fields(300, idle_detach_s=longest_s)) == "ok"
    assert HostedBoard(eeprom_image({0: JAW}, idle_detach_s=longest_s)).status("attach", mask=1) == "ok"
    beyond = eeprom_image({0: JAW}, idle_detach_s=longest_s + 1)
    assert HostedBoard(beyond).status("attach", mask=1) == "no_limits"
