"""One conversation with a board, without any input or output: bytes and the time go in, bytes come out.

Greets the board, compares its stored limits with the rig's, measures its clock, attaches, sends timed
set-points, and recovers by itself from lost replies, a restarted board and a tripped watchdog. Times are host
microseconds of any monotonic clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from mandible.firmware_bridge.board_report import VERSION, BoardIdentity, BoardState
from mandible.firmware_bridge.clock import BoardClock
from mandible.firmware_bridge.exchange import Exchange, Request
from mandible.firmware_bridge.greeting import HELLO, Greetings
from mandible.firmware_bridge.limits import output_mask
from mandible.firmware_bridge.pacing import Pacing
from mandible.firmware_bridge.parking import Parking
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.protocol import STATUS, WIRE, Decoder, Message, status_name
from mandible.firmware_bridge.provisioning import Provisioning
from mandible.firmware_bridge.rig import Rig

_FIRST_PINGS = 5
_FIRST_PING_INTERVAL_US = 10_000
_PING_INTERVAL_US = 200_000
_QUERY_INTERVAL_US = 500_000
# Nothing heard for this long: the board restarted or hangs; greet it again.
_SILENCE_US = 1_000_000
_ATTENTIVE = (Phase.CLOCKING, Phase.READY, Phase.MOVING)


class Session:
    """The host's side of the protocol for one rig on one board.

    Attributes:
        phase: how far it has come.
        board: what the board said of itself, from its welcome on.
        state: its last answer to a query.
        exchange: counts of messages and lost replies, round-trip times.
        refusals: set-points the board refused or clamped, by status name.
        skipped: set-points not sent because the session was not ready for them, or they came too fast.
        greetings: welcomes received; more than one means that the board went away and came back.
    """

    def __init__(self, rig: Rig, now_us: int, *, lead_ms: int | None = None) -> None:
        """Start greeting; a pose is due ``lead_ms`` (the rig's by default) after its frame left the line."""
        self.phase = Phase.GREETING
        self._problem: str | None = None
        self.board: BoardIdentity | None = None
        self.state: BoardState | None = None
        self.exchange = Exchange()
        self.clock = BoardClock()
        self.refusals: Counter[str] = Counter()
        self.skipped = 0
        self.greetings = 0
        self._rig = rig
        self._mask = output_mask(rig.limits)
        # On the wire pulses go by output number, lowest first.
        self._order = sorted(range(len(rig.channels)), key=lambda i: rig.channels[i].output)
        self._lead_us = 1000 * (rig.link.lead_ms if lead_ms is None else lead_ms)
        self._decoder = Decoder()
        self._stored = False
        self._heard_us = now_us
        self._ping_us = now_us
        self._query_us = now_us
        self._moved_us = now_us
        self._pacing = Pacing(now_us)
        self._greetings = Greetings()
        self._token = 0
        self._provisioning: Provisioning | None = None
        self._parking: Parking | None = None
        self._answers: dict[str, Callable[[Request, Message, int], None]] = {
            "welcome": self._welcomed,
            "pong": self._ponged,
            "state": self._reported,
            "ack": self._acknowledged,
        }

    @property
    def problem(self) -> str | None:
        """Why the servos do not move, and the remedy where there is one; None where nothing is known."""
        return self._problem or self._greetings.problem

    @property
    def bad_frames(self) -> int:
        """Blocks from the board that were no valid message."""
        return self._decoder.bad_frames

    def moves_on(self, now_us: int) -> bool:
        """Whether the board still follows set-points: it was sent one within its watchdog's time."""
        return self.phase is Phase.MOVING and now_us - self._moved_us <= 1000 * self._rig.link.watchdog_ms

    @property
    def listens(self) -> bool:
        """Whether a reply should be taken the moment it comes; else it may wait for the next set-point."""
        return self.phase is not Phase.MOVING or self.exchange.waiting("ping") > 0

    def receive(self, data: bytes, now_us: int) -> None:
        """Take bytes that arrived from the board."""
        for message in self._decoder.feed(data):
            request = self.exchange.match(message, now_us)
            if request is not None and self.phase is not Phase.CLOSED:
                self._heard_us = now_us
                self._answers[message.name](request, message, now_us)

    def poll(self, now_us: int) -> None:
        """Do what is due by now; call it at least every 50 ms, and every 20 ms while it ``listens``."""
        for request in self.exchange.expire(now_us):
            if self._provisioning is not None:
                self._provisioning.lost(request)
        if now_us - self._heard_us > _SILENCE_US and self.phase in _ATTENTIVE:
            self._greet_again()
        if self.phase is Phase.GREETING:
            if not self.exchange.waiting("hello") and self._greetings.take(now_us):
                self.exchange.request("hello", now_us, **HELLO)
        elif self.phase is Phase.CLOCKING and now_us >= self._ping_us and not self.exchange.waiting("ping"):
            self._ping(now_us, _FIRST_PING_INTERVAL_US)
        elif self.phase in (Phase.READY, Phase.MOVING):
            self._keep_up(now_us)
        elif self.phase is Phase.STORING:
            self._store_on(now_us)
        elif self.phase is Phase.PARKING:
            self._park_on(now_us)

    def move(self, pulses_us: Sequence[int], emitted_us: int, now_us: int) -> bool:
        """Ask for ``pulses_us`` (rig channel order), due at ``emitted_us`` + lead; say whether it left."""
        if self.phase not in (Phase.READY, Phase.MOVING) or not self._may_move(now_us):
            self.skipped += 1
            return False
        if self.phase is Phase.READY:
            self.exchange.request("attach", now_us, mask=self._mask)
            self.phase = Phase.MOVING
        self._move(pulses_us, emitted_us, now_us)
        return True

    def store(self, now_us: int) -> None:
        """Write the rig's limits and watchdog to the board's permanent memory, then greet it afresh.

        Only to be called in UNCALIBRATED; ValueError elsewhere.
        """
        if self.phase is not Phase.UNCALIBRATED or self.board is None:
            raise ValueError(f"limits cannot be stored while the session is {self.phase.value}")
        self._provisioning = Provisioning(self._rig.limits, self._rig.link.stored, self.board.channels)
        self._problem = None
        self.phase = Phase.STORING
        self.poll(now_us)

    def park(self, now_us: int) -> None:
        """Bring the servos to neutral, detach them and close. Closed at once where nothing is attached."""
        if self.phase is Phase.MOVING:
            self._parking = Parking(self._rig, now_us, self._lead_us)
            self.phase = Phase.PARKING
            self.poll(now_us)
        elif self.phase is not Phase.PARKING:
            self.phase = Phase.CLOSED

    def reconnect(self, now_us: int) -> None:
        """Start over: the port was closed and opened again, and a board (maybe another) is behind it."""
        self._decoder.reset()
        self.exchange.transmit()
        self._provisioning = None
        self._stored = False
        self._greetings = Greetings()
        self._heard_us = now_us
        if self.phase is Phase.PARKING:
            self.phase = Phase.CLOSED
        elif self.phase is not Phase.CLOSED:
            self._greet_again()

    def transmit(self) -> bytes:
        """Return the bytes to send to the board, once."""
        return self.exchange.transmit()

    def _greet_again(self) -> None:
        """Start over with a board that is not in the state it was known to be in."""
        self.exchange.abandon()
        self.clock.forget()
        self.phase = Phase.GREETING

    def _keep_up(self, now_us: int) -> None:
        if self.phase is Phase.MOVING and not self.moves_on(now_us):
            # The board has parked by itself; the next set-point attaches again.
            self.phase = Phase.READY
        if now_us >= self._ping_us:
            self._ping(now_us)
        if now_us >= self._query_us:
            self._query_us = now_us + _QUERY_INTERVAL_US
            self.exchange.request("query", now_us)

    def _ping(self, now_us: int, interval_us: int = _PING_INTERVAL_US) -> None:
        self._ping_us = now_us + interval_us
        self._token = (self._token + 1) & 0xFFFF
        self.exchange.request("ping", now_us, token=self._token)

    def _may_move(self, now_us: int) -> bool:
        """Keep to the rate and to what the board can queue, and let a servo rest that must."""
        if self.phase is Phase.READY and self._greetings.resting(now_us):
            return False
        return self.exchange.waiting("move") < WIRE["queue_set_points"] and self._pacing.take(now_us)

    def _move(self, pulses_us: Sequence[int], emitted_us: int, now_us: int) -> None:
        self._moved_us = now_us
        ordered = tuple(pulses_us[i] for i in self._order)
        due_us = self.clock.board_us(emitted_us + self._lead_us)
        self.exchange.request("move", now_us, due_us=due_us, mask=self._mask, pulse_us=ordered)

    def _store_on(self, now_us: int) -> None:
        assert self._provisioning is not None
        step = self._provisioning.next_step()
        if step is not None:
            self.exchange.request(step.name, now_us, **step.values)
        elif self._provisioning.failure is not None:
            self._refuse(f"the limits could not be stored: {self._provisioning.failure}")
            self._provisioning = None
        elif self._provisioning.done:
            self._provisioning = None
            self._stored = True
            self._greet_again()

    def _park_on(self, now_us: int) -> None:
        assert self._parking is not None
        if self._parking.wants_move(now_us):
            self._move(self._rig.neutral_us, now_us, now_us)
            self.exchange.request("query", now_us)
        elif self._parking.wants_detach(now_us):
            self.exchange.request("detach", now_us, mask=self._mask)
        elif self._parking.over(now_us):
            self.phase = Phase.CLOSED

    def _refuse(self, problem: str) -> None:
        self._problem = problem
        self.phase = Phase.REFUSED

    def _welcomed(self, request: Request, message: Message, now_us: int) -> None:
        self.board = BoardIdentity.of(message)
        self.greetings += 1
        self.clock.forget()
        unfit = self.board.unfit or self.board.impossible(self._rig.limits, self._rig.link.stored)
        if unfit is not None:
            self._refuse(unfit)
            return
        self._problem = self.board.difference(self._rig.limits, self._rig.link.stored)
        if self._problem is None:
            self._ping_us = now_us
            self.exchange.request("query", now_us)  # why it has let go, if it has
            self.phase = Phase.CLOCKING
        elif self._stored:
            self._refuse(f"{self._problem}, although they were stored a moment ago")
        else:
            self.phase = Phase.UNCALIBRATED

    def _ponged(self, request: Request, message: Message, now_us: int) -> None:
        right = message.number("token") == request.values["token"]
        if not right or not self.clock.add(request.sent_us, now_us, message.number("clock_us")):
            self._distrust()
        elif self.phase is Phase.CLOCKING and len(self.clock) >= _FIRST_PINGS:
            self._greetings.clock_known()
            self.phase = Phase.READY

    def _reported(self, request: Request, message: Message, now_us: int) -> None:
        state = BoardState.of(message)
        if self.board is None or len(state.pulse_us) != self.board.channels:
            return  # not the board that was greeted, or broken: what it says of outputs means nothing
        self.state = state
        self._greetings.reported(state.flags, now_us)
        if self._parking is not None:
            self._parking.reported(state.pulse_us, now_us)

    def _acknowledged(self, request: Request, message: Message, now_us: int) -> None:
        status = message.number("status")
        if self._provisioning is not None:
            self._provisioning.answered(request, status)
        elif self._parking is not None:
            self._parking.answered(request)
        elif request.name == "hello":
            why = status_name(status)
            self._refuse(f"the board refuses protocol {VERSION} ({why}); flash the board anew")
        elif request.name == "ping":
            self._distrust()
        elif request.name == "move":
            self._move_answered(status)
        elif status in (STATUS["no_limits"], STATUS["alarm"]):
            self._greetings.came_to_nothing(status)
            self._greet_again()

    def _distrust(self) -> None:
        if self.phase is not Phase.PARKING:
            self._greetings.came_to_nothing()
            self._greet_again()

    def _move_answered(self, status: int) -> None:
        if status != STATUS["ok"]:
            self.refusals[status_name(status)] += 1
        if self.phase is Phase.MOVING and self._greetings.judge(status):
            self._greet_again()
