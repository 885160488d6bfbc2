"""The host's session on the firmware's own core, in virtual time: both mean the same by every message."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import pytest

from mandible.firmware_bridge import _board, toml_source
from mandible.firmware_bridge.limits import limits_crc
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.protocol import LIMITS, MESSAGES, Decoder
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session
from tests.bridge.bench import PERIOD_US, Bench

_RIG = Rig.load("parrot")
_OPEN_US = (1500, 1500, 1800)
_GOLDEN = toml_source.parse(Path(__file__).with_name("golden_frames.toml").read_text("utf-8"))["frame"]


def _calibrated(rig: Rig = _RIG, eeprom: bytes = b"", **cable: int) -> Bench:
    """Return a bench whose board has stored the limits of ``rig``."""
    bench = Bench(Session(rig, 0), _board.Board(eeprom), **cable)
    bench.run_until(Phase.READY, Phase.UNCALIBRATED)
    if bench.session.phase is Phase.UNCALIBRATED:
        bench.session.store(bench.now_us)
        bench.run_until(Phase.READY)
    return bench


def _eeprom(bench: Bench) -> bytes:
    assert isinstance(bench.board, _board.Board)
    return bench.board.eeprom()


@pytest.mark.parametrize(
    "golden", [g for g in _GOLDEN if MESSAGES[g["name"]].sender == "host"], ids=lambda g: g["name"]
)
def test_the_firmware_answers_every_golden_frame_with_the_reply_the_schema_names(
    golden: dict[str, Any],
) -> None:
    # Straight after unlocking, so that storing is answered too: its ack comes once memory is written.
    board = _board.Board(b"")
    board.receive(bytes.fromhex(next(g["bytes"] for g in _GOLDEN if g["name"] == "unlock")), 0)
    board.transmit()
    board.receive(bytes.fromhex(golden["bytes"]), 1000)
    board.poll(2000)
    replies = Decoder().feed(board.transmit())
    assert [(m.name, m.seq) for m in replies] == [(MESSAGES[golden["name"]].reply, golden["seq"])]


def test_a_blank_board_is_given_limits_and_keeps_them() -> None:
    bench = _calibrated()
    assert bench.session.board is not None
    assert bench.session.board.limits_crc == limits_crc(_RIG.limits)
    assert bench.session.board.calibrated_mask == 0b111
    again = Bench(Session(_RIG, 0), _board.Board(_eeprom(bench)))
    again.run_until(Phase.READY)
    assert again.session.exchange.sent["store"] == 0


def test_limits_of_another_puppet_leave_the_board() -> None:
    skull = Rig.load("skull")
    bench = _calibrated(skull, _eeprom(_calibrated()))
    assert bench.session.board is not None
    assert bench.session.board.calibrated_mask == 0b1
    assert bench.session.board.limits_crc == limits_crc(skull.limits)


def test_pulses_reach_the_pose_and_stay_there() -> None:
    bench = _calibrated()
    bench.run(1_000_000, lambda _: _OPEN_US)
    assert bench.pulses[-1][1][:4] == (*_OPEN_US, 0)
    assert bench.session.refusals == {}
    state = bench.session.state
    assert state is not None
    assert (state.attached_mask, state.flags, state.late_set_points) == (0b111, (), 0)


def test_a_pulse_follows_the_line_between_timed_set_points() -> None:
    bench = _calibrated(delay_us=3000, board_ppm=3000)
    bench.run(1_000_000, lambda _: (1300, 1500, 1500))
    start_us = bench.now_us
    # 1 µs a ms: slow enough that the servo's speed does not matter, only the clocks do.
    bench.run(300_000, lambda now_us: (1300 + (now_us - start_us) // 1000, 1500, 1500))
    for host_us, pulses_us in bench.pulses:
        if host_us > start_us + 60_000:
            line_us = 1300 + (host_us - start_us) / 1000 - _RIG.link.lead_ms
            assert abs(pulses_us[0] - line_us) <= 3


def test_pulses_keep_to_the_stored_limits_and_speed_whatever_is_asked() -> None:
    bench = _calibrated()
    wild = [(0, 65_535, 3), (65_535, 0, 2100), (1450, 1500, 900)]
    bench.run(2_000_000, lambda now_us: wild[now_us // 150_000 % 3])
    assert bench.session.refusals["clamped"] > 100
    for channel in _RIG.channels:
        given_us = [pulses_us[channel.output] for _, pulses_us in bench.pulses if pulses_us[channel.output]]
        assert min(given_us) >= channel.min_us
        assert max(given_us) <= channel.max_us
        most_us = channel.speed_us_per_s * PERIOD_US // 1_000_000 + 1
        assert max(abs(b - a) for a, b in itertools.pairwise(given_us)) <= most_us


def test_when_the_host_goes_quiet_the_board_ramps_to_neutral_and_detaches_and_comes_back() -> None:
    bench = _calibrated()
    bench.run(1_000_000, lambda _: _OPEN_US)
    quiet_us = bench.now_us
    bench.run(2_000_000)
    moving = [at for at, pulses_us in bench.pulses if pulses_us[0] and pulses_us[0] != 1200]
    given = [at for at, pulses_us in bench.pulses if pulses_us[0]]
    travel_us = 1_000_000 * 800 // 6000
    assert max(moving) <= quiet_us + 1000 * _RIG.link.watchdog_ms + travel_us + 3 * PERIOD_US
    assert max(given) <= max(moving) + 1000 * LIMITS["park_hold_ms"] + 3 * PERIOD_US
    bench.run(1_000_000, lambda _: _OPEN_US)
    assert bench.pulses[-1][1][:3] == _OPEN_US
    assert bench.session.greetings == 2


def test_parking_by_the_host_ends_at_neutral_and_without_pulses() -> None:
    bench = _calibrated()
    bench.run(600_000, lambda _: _OPEN_US)
    bench.session.park(bench.now_us)
    bench.run_until(Phase.CLOSED, limit_us=1_500_000)
    bench.run(100_000)
    given = [pulses_us[:3] for _, pulses_us in bench.pulses if any(pulses_us)]
    assert given[-1] == _RIG.neutral_us
    assert bench.pulses[-1][1] == (0,) * 12


def test_a_board_that_is_switched_off_and_on_moves_again() -> None:
    bench = _calibrated()
    bench.run(1_000_000, lambda _: _OPEN_US)
    bench.replace_board(_board.Board(_eeprom(bench)))
    bench.run(1_500_000, lambda _: _OPEN_US)
    assert bench.pulses[-1][1][:3] == _OPEN_US


def test_the_board_refuses_limits_that_no_servo_has() -> None:
    mad = dataclasses.replace(_RIG.channels[0], max_us=2501)
    rig = dataclasses.replace(_RIG, channels=(mad, *_RIG.channels[1:]))
    bench = Bench(Session(rig, 0), _board.Board(b""))
    bench.run_until(Phase.UNCALIBRATED)
    bench.session.store(bench.now_us)
    bench.run_until(Phase.REFUSED)
    refused = "the limits could not be stored: set_limits was refused (bad_limits)"
    assert bench.session.problem == refused
