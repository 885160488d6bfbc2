"""The firmware on a Cortex-M4: it converses, and gives the pulses of the host's build."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from mandible.firmware_bridge import _board
from tests.firmware.wire import JAW, WIDE, calibration
from tests.virtual.cortex_m4.emulated import EmulatedBoard, Period, Received, build

LIMITS = {0: JAW, 5: WIDE, 11: JAW}
MASK = sum(1 << output for output in LIMITS)
WATCHDOG_MS = 500
CORTEX_M4 = 4
MOVES = 40


@pytest.fixture(scope="module")
def image() -> Path:
    return build()


def calibrate(board: EmulatedBoard) -> None:
    for name, values in calibration(LIMITS, WATCHDOG_MS):
        assert board.status(name, **values) == "ok", name


def speak(board: EmulatedBoard) -> None:
    """Ask for poses, open and shut in turn, each due 30 ms from when its clock was read."""
    assert board.status("attach", mask=MASK) == "ok"
    for number in range(MOVES):
        clock_us = board.clock_us()
        pose = (1900, 2400, 1100) if number // 10 % 2 == 0 else (1050, 600, 1900)
        assert board.status("move", due_us=clock_us + 30_000, mask=MASK, pulse_us=pose) == "ok"
        board.wait_until(clock_us + 10_000)


def hosts(events: list[Received | Period]) -> list[tuple[int, ...]]:
    """Return what the host's core gives for each period, given the same bytes at the same times."""
    core = _board.Board(b"", 12, 3000, CORTEX_M4)
    periods = []
    for event in events:
        if isinstance(event, Received):
            core.receive(bytes([event.byte]), event.at_us)
        else:
            core.poll(event.planned_us)
            periods.append(struct.unpack("<12H", core.pulses(event.start_us)))
    return periods


def test_it_is_calibrated_speaks_and_gives_the_pulses_of_the_hosts_build(image: Path, tmp_path: Path) -> None:
    with EmulatedBoard(image, tmp_path) as board:
        welcome = board.ask("hello", major=2, minor=0)
        assert (welcome.number("board"), welcome.number("channels")) == (CORTEX_M4, 12)
        calibrate(board)
        limits_crc = board.ask("hello", major=2, minor=0).number("limits_crc")
        speak(board)
        # The core parks by itself, and detaches.
        board.wait_until(board.clock_us() + 1_800_000)
        assert board.ask("query").number("attached_mask") == 0
    periods = [event for event in board.record() if isinstance(event, Period)]
    given = [period.pulses_us for period in periods]
    assert given == hosts(board.record())
    assert len(set(given)) > 15
    assert {output for row in given for output, pulse_us in enumerate(row) if pulse_us} == set(LIMITS)
    assert [period.start_us for period in periods] == [20_000 * (n + 1) for n in range(len(periods))]
    assert all(0 < period.start_us - period.planned_us <= 2000 for period in periods)

    # Another start: what was stored is there, and nothing moves.
    with EmulatedBoard(image, tmp_path) as board:
        assert board.ask("hello", major=2, minor=0).number("limits_crc") == limits_crc
        board.wait_until(board.clock_us() + 50_000)
    assert {event.pulses_us for event in board.record() if isinstance(event, Period)} == {(0,) * 12}


def test_without_limits_nothing_attaches(image: Path, tmp_path: Path) -> None:
    with EmulatedBoard(image, tmp_path) as board:
        assert board.status("attach", mask=1) == "no_limits"
        assert board.status("unlock", key=1) == "bad_key"


def test_noise_on_the_line_is_counted_and_does_no_harm(image: Path, tmp_path: Path) -> None:
    with EmulatedBoard(image, tmp_path) as board:
        board.send(b"\0noise\0" * 50)
        assert board.ask("query").number("bad_frames") == 50
        assert board.status("attach", mask=1) == "no_limits"
