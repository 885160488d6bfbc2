"""There and back on the line to a board: how long, how many are lost, and how much fits.

Two ways to ask. ``greet`` and ``pings`` only read, and no servo hears of them. ``set_points`` attaches a
rig's servos and asks a hundred times a second for their neutral, as a run asks for poses.
"""

from __future__ import annotations

import select
import time
from collections import defaultdict
from dataclasses import dataclass, field

from mandible.errors import DeviceError
from mandible.firmware_bridge.board_report import BoardIdentity
from mandible.firmware_bridge.exchange import Exchange, Request
from mandible.firmware_bridge.greeting import HELLO
from mandible.firmware_bridge.host_clock import now_us
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.ports import Port, open_port
from mandible.firmware_bridge.protocol import Decoder, Message
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session

HOP_US = 10_000
# Opening its port restarts many a board, which takes some seconds to listen.
GREET_S = 8.0
_GREET_AGAIN_US = 200_000
_LOOK_S = 0.005
# Replies are given up after a quarter of a second.
_LAST_REPLIES_US = 300_000
_PARK_S = 4.0
# A board that takes no more bytes, or answers none, for so long hangs.
SILENT_S = 5.0
# Pings under way at once: the smallest board has room for 64 bytes.
_WINDOW = 4


class TimedExchange(Exchange):
    """An exchange that keeps every round trip.

    Attributes:
        trips_us: round trips in µs by name of the request, in the order of the replies.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trips_us: dict[str, list[int]] = defaultdict(list)

    def match(self, message: Message, now_us: int) -> Request | None:
        """Note how long the answered request took."""
        request = super().match(message, now_us)
        if request is not None:
            self.trips_us[request.name].append(now_us - request.sent_us)
        return request


@dataclass
class Trips:
    """What came of some requests.

    Attributes:
        board: its kind, as it says.
        trips_ms: (n,) round trips, in ms.
        lost: how many were never answered.
        late: how many set-points the board refused because their time had passed.
    """

    board: str
    trips_ms: list[float] = field(default_factory=list)
    lost: int = 0
    late: int = 0


@dataclass(frozen=True)
class Throughput:
    """How much went over the line when as much was asked as it takes."""

    messages_per_s: float
    bytes_per_s: float


class Line:
    """A port with a board behind it, which is greeted and asked; a context manager."""

    def __init__(self, url: PortUrl) -> None:
        """Open the port; DeviceError, with the remedy, where that fails."""
        self._url = url
        self._port: Port = open_port(url)
        self._exchange, self._decoder = TimedExchange(), Decoder()
        self._bytes = 0

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._port.close()

    def greet(self) -> BoardIdentity:
        """Return what the board says of itself.

        Raises:
            DeviceError: it does not answer, or speaks another protocol.
        """
        give_up_s, again_us = time.monotonic() + GREET_S, 0
        while time.monotonic() < give_up_s:
            if now_us() >= again_us:
                self._exchange.request("hello", now_us(), **HELLO)
                again_us = now_us() + _GREET_AGAIN_US
            for message in self._replies():
                if message.name == "welcome":
                    self._exchange.abandon()
                    board = BoardIdentity.of(message)
                    if board.unfit is not None:
                        raise DeviceError(f"{self._url.text}: {board.unfit}")
                    return board
        raise DeviceError(
            f"{self._url.text}: no answer within {GREET_S:g} s; is the mandible firmware on the board?"
        )

    def pings(self, board: BoardIdentity, count: int) -> Trips:
        """Return the round trips of so many pings, one after the other.

        Raises:
            DeviceError: the board falls silent.
        """
        lost = self._exchange.lost["ping"]
        self._exchange.trips_us.clear()
        heard_s = time.monotonic()
        for token in range(count):
            self._exchange.request("ping", now_us(), token=token & 0xFFFF)
            while self._exchange.waiting("ping"):
                if self._replies():
                    heard_s = time.monotonic()
            if time.monotonic() - heard_s > SILENT_S:
                raise DeviceError(f"{self._url.text}: the board fell silent; restart it and try again")
        trips_ms = [trip / 1000 for trip in self._exchange.trips_us["ping"]]
        return Trips(board.kind, trips_ms, self._exchange.lost["ping"] - lost)

    def throughput(self, seconds: float) -> Throughput:
        """Return how many pings were answered a second with four of them always under way."""
        answered, token = self._exchange.replied["ping"], 0
        self._bytes = 0
        began_s = time.monotonic()
        while time.monotonic() - began_s < seconds:
            while self._exchange.waiting("ping") < _WINDOW:
                token += 1
                self._exchange.request("ping", now_us(), token=token & 0xFFFF)
            self._replies()
        took_s = time.monotonic() - began_s
        answered = self._exchange.replied["ping"] - answered
        return Throughput(answered / took_s, self._bytes / took_s)

    def set_points(self, rig: Rig, count: int, *, store: bool) -> Trips:
        """Return the round trips of so many set-points for neutral, a hundred a second; parks afterwards.

        Args:
            rig: whose channels are attached.
            count: how many.
            store: a board that cannot break anything gets the rig's limits first.

        Raises:
            DeviceError: the board does not take this rig's set-points, with the remedy.
        """
        exchange = TimedExchange()
        session = Session(rig, now_us())
        session.exchange = exchange
        out = bytearray()

        def pump(until_us: int) -> None:
            while (left_us := until_us - now_us()) > 0:
                session.poll(now_us())
                out.extend(session.transmit())
                if out:
                    del out[: self._port.write(bytes(out))]
                select.select([self._port.fileno()], [], [], min(_LOOK_S, left_us / 1e6))
                session.receive(self._port.read(), now_us())

        give_up_s = time.monotonic() + GREET_S
        while _phase(session) is not Phase.READY:
            pump(now_us() + HOP_US)
            if session.phase is Phase.UNCALIBRATED and store:
                session.store(now_us())
            elif session.phase in (Phase.REFUSED, Phase.UNCALIBRATED) or time.monotonic() > give_up_s:
                raise DeviceError(f"{self._url.text}: {session.problem or 'the board takes no set-points'}")
        due_us = now_us()
        for _ in range(count):
            session.move(rig.neutral_us, now_us(), now_us())
            due_us += HOP_US
            pump(due_us)
        pump(now_us() + _LAST_REPLIES_US)
        assert session.board is not None
        late = session.refusals["late"]
        trips_ms = [trip / 1000 for trip in exchange.trips_us["move"]]
        found = Trips(session.board.kind, trips_ms, exchange.lost["move"], late)
        session.park(now_us())
        give_up_s = time.monotonic() + _PARK_S
        while _phase(session) is not Phase.CLOSED and time.monotonic() < give_up_s:
            pump(now_us() + HOP_US)
        return found

    def _replies(self) -> list[Message]:
        """Send what waits, and return what was answered, at once or after a moment.

        Raises:
            DeviceError: the port takes no bytes.
        """
        data = self._exchange.transmit()
        self._bytes += len(data)
        give_up_s = time.monotonic() + SILENT_S
        while data:
            data = data[self._port.write(data) :]
            if data:
                if time.monotonic() > give_up_s:
                    raise DeviceError(f"{self._url.text}: the port takes no bytes; plug the board in again")
                select.select([], [self._port.fileno()], [], _LOOK_S)
        select.select([self._port.fileno()], [], [], _LOOK_S)
        data = self._port.read()
        self._bytes += len(data)
        at_us = now_us()
        messages = self._decoder.feed(data)
        answered = [message for message in messages if self._exchange.match(message, at_us) is not None]
        self._exchange.expire(at_us)
        return answered


def _phase(session: Session) -> Phase:
    """Return how far a session has come by now: type checkers take an attribute for what it was."""
    return session.phase
