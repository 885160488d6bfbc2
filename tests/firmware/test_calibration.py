"""Limits change only inside a calibration session, and only to sane ones; damaged ones count as none."""

from __future__ import annotations

import itertools

import pytest

from mandible.firmware_bridge.greeting import HELLO
from mandible.firmware_bridge.limits import StoredLimits, limits_crc
from mandible.firmware_bridge.protocol import FLAGS, LIMITS
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import (
    JAW,
    MOST_ACCEL,
    WIDE,
    Limits,
    calibration,
    eeprom_image,
    limits_fields,
    store_fields,
)

KEY = LIMITS["calibration_key"]


def set_limits(board: HostedBoard, limits: Limits, channel: int = 2) -> str:
    """Send limits for one channel."""
    return board.status("set_limits", **limits_fields(channel, limits))


def mask(board: HostedBoard) -> int:
    """Return the calibrated channels."""
    return board.ask("hello", **HELLO).number("calibrated_mask")


def test_a_new_board_learns_its_limits_and_keeps_them() -> None:
    board = HostedBoard()
    assert mask(board) == 0
    for name, values in calibration({0: JAW, 11: WIDE}, watchdog_ms=500):
        assert board.status(name, **values) == "ok"
    image = eeprom_image({0: JAW, 11: WIDE}, watchdog_ms=500)
    assert board.core.eeprom() == image.ljust(2 * len(image), b"\xff")
    again = HostedBoard(board.core.eeprom())
    welcome = again.ask("hello", **HELLO)
    assert welcome.number("calibrated_mask") == 0x801
    assert welcome.number("watchdog_ms") == 500
    stored = [StoredLimits(0, *JAW, 100 * MOST_ACCEL), StoredLimits(11, *WIDE, 100 * MOST_ACCEL)]
    assert welcome.number("limits_crc") == limits_crc(stored)
    assert again.status("attach", mask=0x801) == "ok"


def test_without_a_session_nothing_changes(board: HostedBoard) -> None:
    before = board.core.eeprom()
    assert set_limits(board, WIDE) == "locked"
    assert board.status("store", **store_fields(500)) == "locked"
    assert board.status("unlock", key=KEY ^ 1) == "bad_key"
    assert set_limits(board, WIDE) == "locked"
    assert board.core.eeprom() == before


def test_a_session_needs_every_channel_detached(board: HostedBoard) -> None:
    board.status("attach", mask=2)
    assert board.status("unlock", key=KEY) == "not_detached"
    board.status("detach", mask=2)
    assert board.status("unlock", key=KEY) == "ok"
    assert board.flags() & FLAGS["unlocked"]


def test_attaching_ends_a_session_without_storing(board: HostedBoard) -> None:
    board.status("unlock", key=KEY)
    set_limits(board, WIDE, channel=0)
    assert board.status("attach", mask=1) == "ok"
    assert board.status("store", **store_fields(300)) == "locked"
    assert board.move(0, WIDE[1]) == "clamped"


def test_limits_count_only_once_they_are_stored(board: HostedBoard) -> None:
    board.status("unlock", key=KEY)
    assert set_limits(board, WIDE) == "ok"
    assert mask(board) == 3
    assert board.status("store", **store_fields(300)) == "ok"
    assert mask(board) == 7
    assert not board.flags() & FLAGS["unlocked"]


def test_zeros_take_a_channels_limits_away(board: HostedBoard) -> None:
    board.status("unlock", key=KEY)
    assert set_limits(board, (0, 0, 0, 0), channel=1) == "ok"
    board.status("store", **store_fields(300))
    assert mask(board) == 1
    assert board.status("attach", mask=2) == "no_limits"


def test_an_idle_session_ends(board: HostedBoard) -> None:
    board.status("unlock", key=KEY)
    board.run(LIMITS["calibration_idle_ms"] * 1000 - 1000)
    assert set_limits(board, WIDE) == "ok"
    for _ in range(10):
        board.run(LIMITS["calibration_idle_ms"] * 100)
        board.ask("ping", token=1)
    assert set_limits(board, WIDE) == "locked"


@pytest.mark.parametrize(
    "limits",
    [
        (499, 2000, 1500, 5000),
        (1000, 2501, 1500, 5000),
        (2000, 1000, 1500, 5000),
        (1500, 1500, 1500, 5000),
        (1000, 2000, 999, 5000),
        (1000, 2000, 2001, 5000),
        (1000, 2000, 1500, 0),
        (1000, 2000, 1500, 20001),
        (65535, 65535, 65535, 65535),
        (0, 0, 0, 1),
    ],
)
def test_absurd_limits_are_refused(board: HostedBoard, limits: Limits) -> None:
    board.status("unlock", key=KEY)
    assert set_limits(board, limits) == "bad_limits"
    board.status("store", **store_fields(300))
    assert mask(board) == 3


def test_channels_and_watchdog_times_have_bounds_too(board: HostedBoard) -> None:
    board.status("unlock", key=KEY)
    assert set_limits(board, WIDE, channel=12) == "bad_limits"
    assert set_limits(board, WIDE, channel=255) == "bad_limits"
    assert board.status("store", **store_fields(99)) == "bad_limits"
    assert board.status("store", **store_fields(2001)) == "bad_limits"
    assert board.status("store", **store_fields(2000)) == "ok"


def test_any_changed_byte_in_memory_leaves_no_channel_to_attach() -> None:
    image = eeprom_image(dict.fromkeys(range(12), JAW))
    assert mask(HostedBoard(image)) == 0xFFF
    for at in range(len(image)):
        for change in [1 << bit for bit in range(8)] + [0xFF, image[at] ^ 0xFF, image[at]]:
            if change == 0:
                continue
            damaged = image[:at] + bytes([image[at] ^ change]) + image[at + 1 :]
            board = HostedBoard(damaged)
            assert mask(board) == 0
            assert board.status("attach", mask=1) == "no_limits"


@pytest.mark.parametrize("length", [0, 1, 4, 50, 143])
def test_a_shortened_memory_leaves_no_channel_to_attach(length: int) -> None:
    assert mask(HostedBoard(eeprom_image({0: JAW})[:length])) == 0


def test_a_right_checksum_does_not_excuse_absurd_limits() -> None:
    assert mask(HostedBoard(eeprom_image({0: JAW, 1: (400, 2600, 1500, 5000)}))) == 0
    assert mask(HostedBoard(eeprom_image({0: JAW}, watchdog_ms=60_000))) == 0


def test_the_other_slot_is_written_and_the_newest_right_one_counts() -> None:
    first, second = eeprom_image({0: JAW}, generation=7), eeprom_image({1: WIDE}, generation=8)
    assert mask(HostedBoard(first + second)) == mask(HostedBoard(second + first)) == 2
    board = HostedBoard(first + second)
    board.status("unlock", key=KEY)
    set_limits(board, WIDE, channel=2)
    assert board.status("store", **store_fields(300)) == "ok"
    assert board.core.eeprom() == eeprom_image({1: WIDE, 2: WIDE}, generation=9) + second


def test_generations_go_round() -> None:
    old, new = eeprom_image({0: JAW}, generation=0xFFFF), eeprom_image({1: JAW}, generation=0)
    assert mask(HostedBoard(old + new)) == mask(HostedBoard(new + old)) == 2


def test_a_store_that_power_cuts_short_leaves_the_limits_of_before() -> None:
    before, after = eeprom_image({0: JAW}, generation=1), eeprom_image({1: WIDE}, generation=2)
    for written in range(len(after)):
        for rest in (b"\xff", b"\x00"):
            cut = after[:written] + rest * (len(after) - written)
            assert mask(HostedBoard(before + cut)) in (1, 2)
            assert mask(HostedBoard(before + cut)) == 1 or cut == after


@pytest.mark.parametrize("period_us", [2999, 20_001, 0, 0xFFFF])
def test_a_period_no_board_can_keep_is_refused(board: HostedBoard, period_us: int) -> None:
    board.status("unlock", key=KEY)
    assert board.status("store", **store_fields(300, period_us)) == "bad_limits"


def test_the_period_is_the_stored_one_from_the_next_start_of_pulses_on() -> None:
    board = HostedBoard(eeprom_image({0: JAW}))
    board.status("unlock", key=KEY)
    assert board.status("store", **store_fields(2000, 5000)) == "ok"
    assert board.ask("hello", **HELLO).number("period_us") == 5000
    board.status("attach", mask=1)
    board.run(100_000)
    starts = [at_us for at_us, pulses in board.history if pulses[0]]
    assert {after - before for before, after in itertools.pairwise(starts)} == {5000}
    assert not any(start % 5000 for start in starts)


@pytest.mark.parametrize("traits", [2, 0x80, 0xFF])
def test_traits_nobody_knows_are_refused(board: HostedBoard, traits: int) -> None:
    board.status("unlock", key=KEY)
    assert board.status("set_limits", **{**limits_fields(0, JAW), "traits": traits}) == "bad_limits"
    assert board.status("set_limits", **{**limits_fields(0, JAW), "traits": 1}) == "ok"


@pytest.mark.parametrize("accel", [0, MOST_ACCEL + 1, 0xFFFF])
def test_an_acceleration_no_servo_has_is_refused(board: HostedBoard, accel: int) -> None:
    board.status("unlock", key=KEY)
    assert (
        board.status("set_limits", **{**limits_fields(0, JAW), "accel_100us_per_s2": accel}) == "bad_limits"
    )
