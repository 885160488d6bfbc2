"""The conversation with the fake board, in virtual time: what goes wrong is put right or said."""

from __future__ import annotations

import dataclasses

import pytest

from mandible.firmware_bridge.clock import CLOCK_US
from mandible.firmware_bridge.fake_board import FakeBoard
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.protocol import Decoder
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session
from tests.bridge.bench import Bench

_RIG = Rig.load("parrot")
_POSE_US = (1300, 1500, 1200)


def _bench(board: FakeBoard | None = None, **cable: int) -> Bench:
    return Bench(Session(_RIG, 0), board or FakeBoard(_RIG.limits), **cable)


def _moves(bench: Bench) -> list[tuple[int, int, dict[int, int]]]:
    assert isinstance(bench.board, FakeBoard)
    return bench.board.moves


def test_a_set_point_is_due_lead_after_its_emission_on_the_board_s_own_clock() -> None:
    bench = _bench(delay_us=4000, board_ppm=5000)
    bench.run(3_000_000)
    bench.replace_board(FakeBoard(_RIG.limits))
    bench.run_until(Phase.GREETING)
    bench.run_until(Phase.READY)
    bench.run(2_000_000, lambda _: _POSE_US)
    assert len(_moves(bench)) > 190
    for arrived_us, due_us, _ in _moves(bench):
        # It left 4 ms before it arrived; a 0.5 % fast clock is tracked to a fraction of a millisecond.
        assert abs(due_us - (arrived_us - 4000 + 1000 * _RIG.link.lead_ms)) <= 1000


def test_a_frame_that_waited_is_due_no_later_for_it() -> None:
    bench = _bench()
    bench.run(100_000)
    emitted_us = bench.now_us - 30_000
    bench.session.move(_POSE_US, emitted_us, bench.now_us)
    bench.run(10_000)
    assert abs(_moves(bench)[0][1] - (emitted_us + 1000 * _RIG.link.lead_ms)) <= 1


def test_lead_can_be_chosen() -> None:
    bench = Bench(Session(_RIG, 0, lead_ms=50), FakeBoard(_RIG.limits), delay_us=1000)
    bench.run_until(Phase.READY)
    bench.run(100_000, lambda _: _POSE_US)
    arrived_us, due_us, _ = _moves(bench)[0]
    assert abs(due_us - (arrived_us + 49_000)) <= 1


def test_the_due_time_wraps_with_the_board_s_clock() -> None:
    bench = _bench()
    bench.board_start_us = 2_000_000 - CLOCK_US
    bench.run(4_000_000, lambda _: _POSE_US)
    assert len({due_us > CLOCK_US // 2 for _, due_us, _ in _moves(bench)}) == 2
    for arrived_us, due_us, _ in _moves(bench):
        assert abs(due_us - (arrived_us - 1000 + 1000 * _RIG.link.lead_ms) % CLOCK_US) <= 1
    assert not bench.session.refusals


def test_pulses_stand_on_the_wire_by_output_number_whatever_the_rig_s_order() -> None:
    first, second, third = _RIG.channels
    channels = (
        dataclasses.replace(first, output=9),
        dataclasses.replace(second, output=4),
        dataclasses.replace(third, output=7),
    )
    rig = dataclasses.replace(_RIG, channels=channels)
    bench = Bench(Session(rig, 0), FakeBoard(rig.limits))
    bench.run_until(Phase.READY)
    bench.run(50_000, lambda _: _POSE_US)
    assert _moves(bench)[0][2] == {9: 1300, 4: 1500, 7: 1200}


def test_a_board_with_other_limits_is_not_moved() -> None:
    other = dataclasses.replace(_RIG.limits[0], max_us=1701)
    bench = _bench(FakeBoard((other, *_RIG.limits[1:])))
    bench.run(2_000_000, lambda _: _POSE_US)
    assert bench.session.phase is Phase.UNCALIBRATED
    assert bench.session.problem == "the limits stored on the board are not those of the rig"
    assert bench.session.skipped == 200
    assert isinstance(bench.board, FakeBoard)
    assert bench.board.attached_mask == 0


def test_a_board_without_limits_names_the_output() -> None:
    bench = _bench(FakeBoard(_RIG.limits[:2]))
    bench.run_until(Phase.UNCALIBRATED)
    assert bench.session.problem == "the board has no limits stored for output 2"


def test_another_watchdog_time_is_a_difference_too() -> None:
    board = FakeBoard(_RIG.limits)
    board.settings = dataclasses.replace(board.settings, watchdog_ms=900)
    bench = _bench(board)
    bench.run_until(Phase.UNCALIBRATED)
    assert bench.session.problem == "the board's watchdog_ms is 900 and the rig's 300"


def test_storing_replaces_what_another_puppet_left() -> None:
    stranger = dataclasses.replace(_RIG.limits[0], output=11)
    board = FakeBoard((stranger,))
    bench = _bench(board)
    bench.run_until(Phase.UNCALIBRATED)
    bench.session.store(bench.now_us)
    bench.run_until(Phase.READY)
    assert tuple(board.limits.values()) == _RIG.limits


def test_storing_survives_lost_replies() -> None:
    board = FakeBoard()
    bench = _bench(board)
    bench.run_until(Phase.UNCALIBRATED)
    burst = 0

    def every_third(data: bytes) -> bytes:
        nonlocal burst
        burst += bool(data)
        return b"" if burst % 3 == 0 else data

    bench.to_host = every_third
    bench.session.store(bench.now_us)
    bench.run_until(Phase.READY, limit_us=30_000_000)
    assert tuple(board.limits.values()) == _RIG.limits


def test_a_board_that_refuses_to_store_ends_the_attempt_with_its_reason() -> None:
    board = FakeBoard()
    board.pulse_us[5] = 1500
    bench = _bench(board)
    bench.run_until(Phase.UNCALIBRATED)
    board._actions["store"] = lambda message, now_us: "store_failed"
    bench.session.store(bench.now_us)
    bench.run_until(Phase.REFUSED)
    assert bench.session.problem == "the limits could not be stored: store was refused (store_failed)"


def test_storing_in_the_wrong_moment_is_a_programmer_s_error() -> None:
    with pytest.raises(ValueError, match="cannot be stored while the session is greeting"):
        Session(_RIG, 0).store(0)


def test_a_board_of_another_major_version_is_refused() -> None:
    board = FakeBoard(_RIG.limits)
    board.version = (3, 0)
    bench = _bench(board)
    bench.run_until(Phase.REFUSED)
    assert bench.session.problem == "the board speaks protocol 3.0, this program 2.0; flash the board anew"


def test_the_greeting_is_repeated_until_a_booting_board_answers() -> None:
    bench = _bench()
    bench.to_board = lambda data: b""
    bench.run(2_000_000)
    assert bench.session.phase is Phase.GREETING
    bench.to_board = bytes
    bench.run_until(Phase.READY, limit_us=400_000)


def test_lost_acknowledgements_are_counted_and_do_not_stop_the_mouth() -> None:
    bench = _bench()
    bench.run_until(Phase.READY)
    burst = 0

    def every_fourth(data: bytes) -> bytes:
        nonlocal burst
        burst += bool(data)
        return b"" if burst % 4 == 0 else data

    bench.to_host = every_fourth
    bench.run(3_000_000, lambda _: _POSE_US)
    exchange = bench.session.exchange
    assert exchange.sent["move"] == 300
    assert 40 < exchange.lost["move"] < 110
    assert exchange.lost["move"] + exchange.replied["move"] + exchange.waiting("move") == 300


def test_a_board_that_was_switched_off_and_on_is_greeted_and_attached_again() -> None:
    bench = _bench()
    bench.run(1_000_000, lambda _: _POSE_US)
    bench.replace_board(FakeBoard(_RIG.limits))
    bench.run(500_000, lambda _: _POSE_US)
    assert bench.session.greetings == 2
    assert len(_moves(bench)) > 40
    assert bench.session.refusals["not_attached"] >= 1


def test_a_board_that_has_let_go_of_the_servos_is_attached_again() -> None:
    board = FakeBoard(_RIG.limits)
    bench = _bench(board)
    bench.run(1_000_000, lambda _: _POSE_US)
    board.attached_mask = 0
    bench.run(200_000, lambda _: _POSE_US)
    assert board.attached_mask == 0b111
    assert bench.session.greetings == 2


def test_after_a_pause_longer_than_the_watchdog_the_servos_are_attached_again() -> None:
    bench = _bench()
    bench.run_until(Phase.READY)
    bench.run(100_000, lambda _: _POSE_US)
    bench.run(400_000)
    assert bench.session.phase is Phase.READY
    bench.run(100_000, lambda _: _POSE_US)
    assert bench.session.exchange.sent["attach"] == 2


def test_a_silent_board_is_greeted_again() -> None:
    bench = _bench()
    bench.run_until(Phase.READY)
    bench.to_host = lambda data: b""
    bench.run(1_200_000)
    assert bench.session.phase is Phase.GREETING
    bench.to_host = bytes
    bench.run_until(Phase.READY, limit_us=400_000)


def test_set_points_go_out_at_a_hundred_a_second_at_most() -> None:
    bench = _bench()
    bench.run_until(Phase.READY)
    for _ in range(1000):
        bench.run(1000)
        bench.session.move(_POSE_US, bench.now_us, bench.now_us)
    assert 100 <= bench.session.exchange.sent["move"] <= 109
    assert bench.session.skipped == 1000 - bench.session.exchange.sent["move"]


def test_no_more_set_points_fly_than_the_board_can_queue() -> None:
    bench = _bench(delay_us=100_000)
    bench.run_until(Phase.READY)
    most = 0
    for _ in range(100):
        bench.run(10_000, lambda _: _POSE_US)
        most = max(most, bench.session.exchange.waiting("move"))
    assert most == 8


def test_parking_goes_to_neutral_then_detaches() -> None:
    board = FakeBoard(_RIG.limits)
    bench = _bench(board)
    bench.run_until(Phase.READY)
    bench.run(200_000, lambda _: _POSE_US)
    bench.session.park(bench.now_us)
    bench.run_until(Phase.CLOSED, limit_us=300_000)
    assert board.moves[-1][2] == {0: 1200, 1: 1600, 2: 1000}
    assert board.attached_mask == 0


def test_parking_a_board_that_no_longer_answers_ends_all_the_same() -> None:
    bench = _bench()
    bench.run_until(Phase.READY)
    bench.run(100_000, lambda _: _POSE_US)
    bench.to_board = lambda data: b""
    bench.session.park(bench.now_us)
    bench.run_until(Phase.CLOSED, limit_us=3_000_000)


def test_parking_what_never_moved_is_done_at_once() -> None:
    bench = _bench()
    bench.run_until(Phase.READY)
    bench.session.park(bench.now_us)
    assert bench.session.phase is Phase.CLOSED


def test_round_trips_are_measured() -> None:
    bench = _bench(delay_us=3000)
    bench.run(1_000_000, lambda _: _POSE_US)
    exchange = bench.session.exchange
    assert 6000 <= (exchange.round_trip_us(50) or 0) <= 8000


def test_noise_from_the_board_s_side_is_counted() -> None:
    bench = _bench()
    bench.to_host = lambda data: b"\x00\x03\x01\x02\x00" + data if data else data
    bench.run_until(Phase.READY)
    bench.run(200_000, lambda _: _POSE_US)
    assert bench.session.bad_frames >= 20
    assert len(_moves(bench)) == 20


def test_only_messages_of_the_schema_leave_the_session() -> None:
    session = Session(_RIG, 0)
    session.poll(0)
    decoder = Decoder()
    assert [m.name for m in decoder.feed(session.transmit())] == ["hello"]
