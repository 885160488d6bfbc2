"""Rules of the conversation that no healthy board shows: who is asked what, how often, what is too old."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge.exchange import Exchange
from mandible.firmware_bridge.fake_board import FakeBoard
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.protocol import LIMITS, MESSAGES, Message
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session
from mandible.firmware_bridge.stranger import Stranger
from mandible.firmware_bridge.waiting_frames import WaitingFrames
from tests.bridge.bench import Bench

_RIG = Rig.load("parrot")
_BOOT_US = 2_500_000  # an old Nano's


def test_storing_on_a_board_that_falls_silent_ends_after_three_attempts() -> None:
    bench = Bench(Session(_RIG, 0), FakeBoard())
    bench.run_until(Phase.UNCALIBRATED)
    bench.to_board = lambda data: b""
    bench.session.store(bench.now_us)
    bench.run_until(Phase.REFUSED, limit_us=1_500_000)
    assert "no answer to detach after 3 attempts" in (bench.session.problem or "")
    assert bench.session.exchange.sent["detach"] == 3


def test_an_acknowledgement_of_something_else_answers_nothing() -> None:
    exchange = Exchange()
    exchange.request("ping", 0, token=1)
    other = Message("ack", 0, {"acked_type": MESSAGES["attach"].type, "status": 0})
    assert exchange.match(other, 1000) is None
    assert exchange.waiting("ping") == 1
    own = Message("ack", 0, {"acked_type": MESSAGES["ping"].type, "status": 0})
    assert exchange.match(own, 1000) is not None


def test_a_frame_waits_for_as_long_as_a_board_takes_it() -> None:
    frames = WaitingFrames(lead_ms=20)
    keeps_us = 1000 * (20 + LIMITS["late_ms"])
    for emitted_us in (0, 1000, 2000):
        frames.add(emitted_us, (1500,))
    assert not frames.stale(0, keeps_us)
    assert frames.next(keeps_us) == (0, (1500,))
    assert frames.next(keeps_us + 1001) == (2000, (1500,))
    assert frames.dropped == 1


def test_strangers_are_asked_once_and_only_where_nobody_answered_in_the_time_a_board_may_take() -> None:
    stranger = Stranger(parse_port_url("serial:///dev/null"))
    stranger.opened(1000)
    assert not stranger.wanted(0, 1000 + _BOOT_US)
    assert not stranger.wanted(1, 60_000_000)
    assert stranger.wanted(0, 60_000_000)
    stranger.opened(60_000_000)
    assert not stranger.wanted(0, 60_000_000 + _BOOT_US)
    stranger.ask()
    assert not stranger.wanted(0, 120_000_000)


@pytest.mark.parametrize("url", ["virtual:", "fake:"])
def test_our_own_boards_are_never_asked(url: str) -> None:
    assert not Stranger(parse_port_url(url)).wanted(0, 60_000_000)
