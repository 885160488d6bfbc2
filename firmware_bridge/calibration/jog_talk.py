"""The calibration session with a board, without input or output: bytes and time go in, bytes come out.

Greets, unlocks, and says over and over where one servo shall be. The board does the rest: it moves no faster
than ``jog_us_per_s``, no more than ``jog_reach_us`` ahead of a jog, and gives no pulses when it is not told
again within ``jog_timeout_ms``. So whatever ends this program, or keeps it from running, stops the servo.
"""

from __future__ import annotations

from mandible.firmware_bridge.board_report import BoardIdentity, BoardState
from mandible.firmware_bridge.calibration.questions import Jog
from mandible.firmware_bridge.exchange import Exchange, Request
from mandible.firmware_bridge.greeting import HELLO
from mandible.firmware_bridge.protocol import LIMITS, MAX_CHANNELS, STATUS, Decoder, Message, status_name

_HELLO_INTERVAL_US = 250_000
# Four more may be lost before the board thinks that nobody is there.
_JOG_INTERVAL_US = 1000 * LIMITS["jog_timeout_ms"] // 5
_QUERY_INTERVAL_US = 40_000
# So long without a turn, the servo had been let go: this program slept, or its computer did.
_ASLEEP_US = 1000 * LIMITS["jog_timeout_ms"]
_SILENCE_US = 1_000_000
# A servo that is let go no longer stalls, but its board may take a moment to notice.
_ALARM_PATIENCE_US = 1_000_000
_ALL = (1 << MAX_CHANNELS) - 1
_FINE = (STATUS["ok"], STATUS["clamped"])


class JogTalk:
    """Moves one servo at a time, gently, where ``wish`` says.

    Attributes:
        board: what the board said of itself, from its welcome on.
        position_us: the pulse that the wished output gets, by a report newer than the wish; None: not known.
        stalled: the board has let go because of its stall input, and no jog was accepted since.
        halted: why it let go by itself; whoever drives it takes it away with ``resume``.
    """

    def __init__(self, now_us: int) -> None:
        """Begin to greet the board."""
        self.board: BoardIdentity | None = None
        self.position_us: int | None = None
        self.stalled = False
        self.halted: str | None = None
        self._exchange = Exchange()
        self._decoder = Decoder()
        self._jog: Jog | None = None
        self._unlocked = False
        self._moving = False
        self._detached = True
        self._hello_us = now_us - _HELLO_INTERVAL_US
        self._jogged_us: int | None = None
        self._wished_us = now_us
        self._alarmed_us: int | None = None
        self._accepted = False
        self._query_us = now_us
        self._heard_us = now_us
        self._turn_us = now_us

    @property
    def moving(self) -> bool:
        """Whether a servo may still get pulses."""
        return self._moving or not self._detached

    def wish(self, jog: Jog | None) -> None:
        """Have the servo go there; None lets go at once. Nothing moves while it is ``halted``."""
        if jog == self._jog:
            return
        if jog is None:
            self.let_go()
        elif self._jog is not None and jog.output != self._jog.output:
            self.position_us = None
        self._jog = jog
        self._jogged_us = None

    def let_go(self) -> None:
        """No pulses from now on: the next bytes tell the board so."""
        self._jog = self._alarmed_us = self.position_us = None
        self._detached = False
        self._accepted = False
        # The board closes a session that is not used; the next jog opens one anew.
        self._unlocked = False

    def resume(self) -> None:
        """Go on after it was halted."""
        self.halted = None

    def receive(self, data: bytes, now_us: int) -> None:
        """Take bytes that arrived from the board."""
        for message in self._decoder.feed(data):
            request = self._exchange.match(message, now_us)
            if request is not None:
                self._heard_us = now_us
                self._take(request, message, now_us)

    def poll(self, now_us: int) -> None:
        """Do what is due; call it every 20 ms or so. Called too seldom, it lets go."""
        slept_us, self._turn_us = now_us - self._turn_us, now_us
        self._exchange.expire(now_us)
        if slept_us > _ASLEEP_US and self._moving:
            self._halt("This program did not run for a while, and the board has let go.")
        if self.board is None:
            self._greet(now_us)
            return
        if now_us - self._heard_us > _SILENCE_US and self.moving:
            self._lose("The board does not answer; check its cable.")
            return
        if not self._detached:
            self._once("detach", now_us, mask=_ALL)
        elif self._jog is not None and self.halted is None:
            self._keep_jogging(self.board, self._jog, now_us)

    def transmit(self) -> bytes:
        """Return the bytes to send to the board, once."""
        return self._exchange.transmit()

    def _greet(self, now_us: int) -> None:
        if now_us - self._hello_us >= _HELLO_INTERVAL_US:
            self._hello_us = now_us
            self._exchange.request("hello", now_us, **HELLO)

    def _keep_jogging(self, board: BoardIdentity, jog: Jog, now_us: int) -> None:
        if jog.output >= board.channels:
            self._halt(f"The board has {board.channels} outputs and none numbered {jog.output}.")
            return
        if not self._unlocked:
            self._once("unlock", now_us, key=LIMITS["calibration_key"])
            return
        if self._jogged_us is None or now_us - self._jogged_us >= _JOG_INTERVAL_US:
            if self._jogged_us is None:
                self._wished_us = now_us
                self.position_us = None
            self._jogged_us = now_us
            self._moving = True
            self._exchange.request("jog", now_us, channel=jog.output, pulse_us=jog.pulse_us)
        if now_us >= self._query_us:
            self._query_us = now_us + _QUERY_INTERVAL_US
            self._once("query", now_us)

    def _once(self, name: str, now_us: int, **values: int) -> None:
        if not self._exchange.waiting(name):
            self._exchange.request(name, now_us, **values)

    def _take(self, request: Request, message: Message, now_us: int) -> None:
        if message.name == "welcome":
            self.board = BoardIdentity.of(message)
            # Whatever an earlier conversation left attached or unlocked.
            self._unlocked, self._detached = False, False
        elif message.name == "state":
            self._reported(request, BoardState.of(message))
        elif message.name == "ack":
            self._acknowledged(request, message.number("status"), now_us)

    def _reported(self, request: Request, state: BoardState) -> None:
        self.stalled |= self._accepted and "stalled" in state.flags
        jog, jogged_us = self._jog, self._jogged_us
        if jog is None or jogged_us is None or request.sent_us < self._wished_us:
            return
        if jog.output < len(state.pulse_us) and state.pulse_us[jog.output]:
            self.position_us = state.pulse_us[jog.output]

    def _acknowledged(self, request: Request, status: int, now_us: int) -> None:
        if request.name == "detach":
            if status in _FINE:
                self._detached, self._moving = True, False
        elif request.name == "unlock":
            self._unlocked = status in _FINE
            if status == STATUS["not_detached"]:
                self._detached = False
            elif not self._unlocked:
                self._refused(request, status)
        elif request.name == "jog":
            if status in _FINE:
                self._alarmed_us, self.stalled, self._accepted = None, False, True
            else:
                self._jog_refused(request, status, now_us)

    def _jog_refused(self, request: Request, status: int, now_us: int) -> None:
        if status == STATUS["locked"]:
            # Nobody closes a session that is in use: the board has started anew.
            self._unlocked = False
            self._halt("The board has closed the session or restarted; check its supply and its cable.")
        elif status == STATUS["alarm"]:
            # Before the first accepted jog it is an old story, which the board tells once.
            self.stalled |= self._accepted
            if self._alarmed_us is None:
                self._alarmed_us = now_us
            if now_us - self._alarmed_us > _ALARM_PATIENCE_US:
                self._halt("The board has stopped the servo: it stalls, or is too hot. Let it rest.")
        else:
            self._refused(request, status)

    def _refused(self, request: Request, status: int) -> None:
        self._halt(f"The board refuses {request.name} ({status_name(status)}); flash it anew.")

    def _halt(self, why: str) -> None:
        if self._jog is not None:
            self.halted = why
            self.let_go()

    def _lose(self, why: str) -> None:
        """Start over with a board that does not answer."""
        self._exchange.abandon()
        self._halt(why)
        self.board = None
        self._unlocked = self._moving = False
        self._detached = True
