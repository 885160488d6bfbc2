"""Every message gets exactly one reply, and only messages that are right in every byte are obeyed."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge.protocol import MESSAGES, MessageSpec
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import raw_frame, status_of

HOST_MESSAGES = [spec for spec in MESSAGES.values() if spec.sender == "host"]
BODIES = {
    "hello": bytes([2, 0]),
    "attach": bytes([1, 0]),
    "detach": bytes([1, 0]),
    "ping": bytes([7, 0]),
    "move": bytes([20, 0, 0, 0, 1, 0, 0xDC, 5]),
    "query": b"",
    "unlock": bytes(4),
    "set_limits": bytes(12),
    "store": bytes(6),
    "jog": bytes(3),
}


@pytest.mark.parametrize("spec", HOST_MESSAGES, ids=lambda spec: spec.name)
def test_a_message_is_answered_once_and_only_at_its_exact_length(
    board: HostedBoard, spec: MessageSpec
) -> None:
    answers = board.send(raw_frame(spec.type, BODIES[spec.name], seq=77))
    assert [(m.name, m.seq) for m in answers] == [(spec.reply, 77)]
    wrong = [BODIES[spec.name] + b"\1", BODIES[spec.name][:-1]] if BODIES[spec.name] else [b"\1"]
    for body in wrong:
        assert [status_of(m) for m in board.send(raw_frame(spec.type, body))] == ["bad_length"]


def test_a_move_with_more_or_fewer_pulses_than_its_mask_is_not_obeyed(board: HostedBoard) -> None:
    board.status("attach", mask=3)
    for mask, pulses in ((1, 0), (1, 2), (3, 1), (0x8003, 2)):
        body = bytes([20, 0, 0, 0, mask & 0xFF, mask >> 8]) + bytes([0xDC, 5]) * pulses
        assert [status_of(m) for m in board.send(raw_frame(5, body))] == ["bad_length"]


def test_unknown_types_are_named_and_the_boards_own_are_not_answered(board: HostedBoard) -> None:
    (answer,) = board.send(raw_frame(0x0B, b""))
    assert status_of(answer) == "unknown_type"
    assert answer.number("acked_type") == 0x0B
    for kind in (0x80, 0x81, 0x82, 0x83, 0xFF):
        assert board.send(raw_frame(kind, bytes(4))) == []
    assert board.ask("query").number("bad_frames") == 5


def test_another_major_version_is_refused(board: HostedBoard) -> None:
    assert board.status("hello", major=1, minor=0) == "bad_version"
    assert board.ask("hello", major=2, minor=9).name == "welcome"


def test_damaged_and_overlong_frames_are_counted_not_answered(board: HostedBoard) -> None:
    good = raw_frame(2, bytes([7, 0]))
    assert board.send(good[:-2] + b"\0") == []
    assert board.send(b"\0" + b"\1" * 300 + b"\0") == []
    assert board.send(b"\0\0\0\0") == []
    assert board.ask("query").number("bad_frames") == 2


def test_bytes_before_the_first_delimiter_belong_to_no_frame() -> None:
    board = HostedBoard()
    good = raw_frame(2, bytes([7, 0]))
    assert board.send(good[1:]) == []
    assert [m.name for m in board.send(good)] == ["pong"]
    assert board.ask("query").number("bad_frames") == 0
