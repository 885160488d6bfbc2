"""Boards that answer wrongly: never another exception, never a storm of questions, always a word on why."""

from __future__ import annotations

import dataclasses
import os
import select
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from mandible.firmware_bridge import ports
from mandible.firmware_bridge.fake_board import FakeBoard
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.protocol import MESSAGES, STATUS, Decoder, Message, Value, encode
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session
from tests.bridge.bench import Bench

_RIG = Rig.load("parrot")
_POSE_US = (1300, 1500, 1200)
_CLOCK = "the board's clock jumps, so nothing can be timed; switch the board off and on"


class _Board(FakeBoard):
    """A fake board some of whose replies are replaced, and that counts what it is asked."""

    def __init__(self, replace: Callable[[_Board, Message], Message]) -> None:
        super().__init__(_RIG.limits)
        self.asked: Counter[str] = Counter()
        self._replace = replace
        self._heard = Decoder()
        self._said = Decoder()
        self._asked_as: dict[int, str] = {}

    def receive(self, data: bytes, now_us: int) -> None:
        for message in self._heard.feed(data):
            self.asked[message.name] += 1
            self._asked_as[message.seq] = message.name
        super().receive(data, now_us)

    def transmit(self) -> bytes:
        replies = [self._replace(self, message) for message in self._said.feed(super().transmit())]
        return b"".join(encode(reply.name, reply.seq, **reply.values) for reply in replies)

    def question(self, reply: Message) -> str:
        return self._asked_as[reply.seq]


def _altered(name: str, **values: Value) -> Callable[[_Board, Message], Message]:
    def replace(board: _Board, reply: Message) -> Message:
        if reply.name != name:
            return reply
        return dataclasses.replace(reply, values={**reply.values, **values})

    return replace


def _refused(question: str, status: str) -> Callable[[_Board, Message], Message]:
    def replace(board: _Board, reply: Message) -> Message:
        if board.question(reply) != question:
            return reply
        values = {"acked_type": MESSAGES[question].type, "status": STATUS[status]}
        return Message("ack", reply.seq, values)

    return replace


def _jumping(board: _Board, reply: Message) -> Message:
    if reply.name != "pong":
        return reply
    return dataclasses.replace(reply, values={**reply.values, "clock_us": board.asked["ping"] * 7_654_321})


def _bench(replace: Callable[[_Board, Message], Message]) -> tuple[Bench, _Board]:
    board = _Board(replace)
    # Bytes arrive at once, so that only the session's own pacing holds it back.
    return Bench(Session(_RIG, 0), board, delay_us=0), board


@pytest.mark.parametrize("channels", [0, 13, 255])
def test_a_board_with_an_impossible_number_of_outputs_is_refused(channels: int) -> None:
    bench, board = _bench(_altered("welcome", channels=channels, calibrated_mask=0))
    bench.run(2_000_000, lambda _: _POSE_US)
    assert bench.session.phase is Phase.REFUSED
    says = f"the board says it has {channels} outputs, not 1 to 12; flash the board anew"
    assert bench.session.problem == says
    assert board.asked == {"hello": 1}


@pytest.mark.parametrize("outputs", [0, 2, 11])
def test_a_state_without_all_outputs_says_nothing(outputs: int) -> None:
    bench, _ = _bench(_altered("state", pulse_us=tuple(range(outputs))))
    bench.run(1_000_000, lambda _: _POSE_US)
    assert bench.session.phase is Phase.MOVING
    assert bench.session.state is None
    bench.session.park(bench.now_us)
    bench.run_until(Phase.CLOSED, limit_us=5_000_000)


@pytest.mark.parametrize(
    ("replace", "problem"),
    [
        (_altered("pong", token=0xFFFF), _CLOCK),
        (_refused("ping", "ok"), _CLOCK),
        (_jumping, _CLOCK),
        (
            _refused("move", "no_limits"),
            "the board refuses every set-point (no_limits); switch the board off",
        ),
        (_refused("move", "not_attached"), "the board refuses every set-point (not_attached); switch"),
        (
            _refused("attach", "no_limits"),
            "the board refuses every set-point (no_limits); switch the board off",
        ),
        (_refused("move", "late"), "the board refuses every set-point (late); raise lead_ms"),
    ],
    ids=["token", "ping", "clock", "no limits", "not attached", "attach", "late"],
)
def test_a_board_that_answers_wrongly_is_asked_ever_less_and_the_reason_is_told(
    replace: Callable[[_Board, Message], Message], problem: str
) -> None:
    bench, board = _bench(replace)
    bench.run(1_000_000, lambda _: _POSE_US)
    assert board.asked["hello"] <= 10
    before = board.asked.copy()
    bench.run(10_000_000, lambda _: _POSE_US)
    later = board.asked - before
    assert 5 <= later["hello"] <= 10
    assert later["ping"] <= 6 * later["hello"]
    assert (bench.session.problem or "").startswith(problem)
    assert (bench.session.problem or "").isprintable()


def test_a_board_that_comes_to_its_senses_moves_and_has_no_problem() -> None:
    refusing = threading.Event()
    refusing.set()
    refuse = _refused("move", "not_attached")
    bench, board = _bench(lambda board, reply: refuse(board, reply) if refusing.is_set() else reply)
    bench.run(5_000_000, lambda _: _POSE_US)
    assert bench.session.problem is not None
    refusing.clear()
    bench.run(2_000_000, lambda _: _POSE_US)
    assert bench.session.problem is None
    assert bench.session.phase is Phase.MOVING
    board.attached_mask = 0
    greetings = bench.session.greetings
    bench.run(150_000, lambda _: _POSE_US)
    assert bench.session.greetings == greetings + 1
    assert bench.session.phase is Phase.MOVING


class _Flood(ports.FakePort):
    """A port that always has more to read than anybody wants."""

    def __init__(self, enough: threading.Event) -> None:
        super().__init__(FakeBoard(_RIG.limits))
        self.readings: list[int] = []
        self._enough = enough
        self._always, self._never = os.pipe()
        os.write(self._never, b"x")

    def fileno(self) -> int:
        return self._always

    def read(self) -> bytes:
        self.readings.append(threading.get_ident())
        if len(self.readings) == 100:
            self._enough.set()
        return bytes(ports.CHUNK_BYTES)

    def close(self) -> None:
        super().close()
        os.close(self._always)
        os.close(self._never)


def test_a_flood_is_read_in_small_parts_with_pauses_between(monkeypatch: pytest.MonkeyPatch) -> None:
    enough = threading.Event()
    waits_s: list[float] = []
    port = _Flood(enough)
    monkeypatch.setattr("mandible.firmware_bridge.link.open_port", lambda url: port)
    waited_for = select.select

    def noted(*arguments: object) -> object:
        reading, _, _, timeout_s = arguments
        assert isinstance(timeout_s, float)
        waits_s.append(timeout_s if port.fileno() not in reading else 0.0)  # type: ignore[operator]
        return waited_for(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("mandible.firmware_bridge.link.select.select", noted)
    with Link("fake:", _RIG):
        assert enough.wait(10)
    assert waits_s[0] == 0.0
    assert all(wait_s >= 0.005 for wait_s in waits_s[1:90])
    assert ports.CHUNK_BYTES <= 512
