"""Several channels on their way to neutral, and hosts that come back or let go while they are."""

from __future__ import annotations

import itertools

from mandible.firmware_bridge.protocol import FLAGS, WIRE
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import JAW, PERIOD_US, eeprom_image

NEUTRAL_US = JAW[2]
SLOW = (*JAW[:3], 300)
# 8 us from one step to the next: braking from full speed takes a dozen periods.
GENTLE_100US_PER_S2 = 200
GENTLE_STEP_US = GENTLE_100US_PER_S2 * 100 * PERIOD_US**2 / 1e12


def wide_open(accel_100us_per_s2: int = 50_000) -> HostedBoard:
    """Return a board with a slow channel 0 and a quick channel 1 that both stand at their maximum."""
    image = eeprom_image({0: SLOW, 1: JAW}, accel_100us_per_s2=accel_100us_per_s2)
    board = HostedBoard(image)
    assert board.status("attach", mask=3) == "ok"
    for _ in range(150):
        assert board.move(20, JAW[1], JAW[1]) == "ok"
        board.run(20_000)
    assert board.history[-1][1][:2] == (JAW[1], JAW[1])
    return board


def test_it_holds_neutral_only_once_the_slowest_is_there() -> None:
    board = wide_open()
    way = board.run(6_000_000)
    arrived = next(i for i, pulses in enumerate(way) if pulses[0] == NEUTRAL_US)
    assert way[arrived][1] == NEUTRAL_US
    held = sum(pulses[:2] == (NEUTRAL_US, NEUTRAL_US) for pulses in way[arrived:])
    assert 500_000 // PERIOD_US <= held <= 500_000 // PERIOD_US + 1
    assert way[-1] == (0,) * 12


def test_attaching_one_channel_while_it_parks_leaves_the_others_on_their_way_to_neutral() -> None:
    board = wide_open()
    board.run(400_000)
    assert board.flags() & FLAGS["parking"]
    assert board.status("attach", mask=1) == "ok"
    for _ in range(100):
        assert board.move(20, JAW[1]) == "ok"
        board.run(20_000)
    assert board.history[-1][1][:2] == (JAW[1], NEUTRAL_US)


def test_attaching_while_it_parks_keeps_to_the_acceleration() -> None:
    board = wide_open(GENTLE_100US_PER_S2)
    board.run(500_000)
    first = len(board.history) - 2
    assert board.status("attach", mask=3) == "ok"
    for _ in range(60):
        assert board.move(20, NEUTRAL_US, JAW[0]) == "ok"
        board.run(20_000)
    for channel in (0, 1):
        widths = [pulses[channel] for _, pulses in board.history[first:]]
        steps = [after - before for before, after in itertools.pairwise(widths)]
        changes = [abs(after - before) for before, after in itertools.pairwise(steps)]
        assert max(changes) <= GENTLE_STEP_US + 2, (channel, widths)


def test_a_host_that_detaches_all_while_it_parks_ends_the_parking() -> None:
    board = wide_open()
    board.run(400_000)
    assert board.flags() & FLAGS["parking"]
    board.status("detach", mask=2)
    assert board.flags() & FLAGS["parking"]
    board.status("detach", mask=1)
    assert board.flags() == FLAGS["watchdog_tripped"]
    assert board.run_periods(1)[0] == (0,) * 12


def test_set_points_of_a_detached_channel_leave_the_queue() -> None:
    board = HostedBoard(eeprom_image({0: JAW, 1: JAW}, watchdog_ms=2000))
    board.status("attach", mask=3)
    for i in range(WIRE["queue_set_points"]):
        assert board.move(100 + 10 * i, 1500) == "ok"
    assert board.move(500, 1500, mask=2) == "queue_full"
    board.status("detach", mask=1)
    for i in range(WIRE["queue_set_points"]):
        assert board.move(100 + 10 * i, 1500, mask=2) == "ok"


def test_set_points_whose_time_has_come_make_room_before_the_next_period() -> None:
    board = HostedBoard(eeprom_image({0: JAW}, watchdog_ms=2000))
    board.status("attach", mask=1)
    board.run(400_001)
    for i in range(WIRE["queue_set_points"]):
        assert board.move(1 + i, 1500 + i) == "ok"
    assert board.move(30, 1510) == "queue_full"
    board.run(15_000)
    assert board.move(30, 1510) == "ok"


def test_a_full_queue_is_no_life() -> None:
    board = HostedBoard(eeprom_image({0: JAW, 1: JAW}, watchdog_ms=300))
    board.status("attach", mask=3)
    for i in range(WIRE["queue_set_points"]):
        assert board.move(900 + 10 * i, 1500) == "ok"
    for _ in range(15):
        assert board.move(500, 1500, mask=2) == "queue_full"
        board.run(20_000)
    assert board.flags() & FLAGS["parking"]
