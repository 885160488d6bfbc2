"""Requests on their way and the replies they are owed: sequence numbers, lost replies, round-trip times."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

from mandible.firmware_bridge.protocol import MESSAGES, Message, Value, encode

_ROUND_TRIPS_KEPT = 1000
# Writing 144 bytes of EEPROM takes an AVR half a second; everything else is answered at once.
_TIMEOUT_US = {"store": 2_000_000}
_DEFAULT_TIMEOUT_US = 250_000
_SEQUENCES = 256


@dataclass(frozen=True, slots=True)
class Request:
    """A message sent at ``sent_us`` (host time) that waits for its reply."""

    name: str
    values: Mapping[str, Value]
    sent_us: int

    @property
    def overdue_us(self) -> int:
        """Host time from which its reply counts as lost."""
        return self.sent_us + _TIMEOUT_US.get(self.name, _DEFAULT_TIMEOUT_US)


class Exchange:
    """Numbers the requests, collects their bytes, and matches replies to them.

    Attributes:
        sent, replied, lost: counts by message name. A lost reply is one that did not come in time.
    """

    def __init__(self) -> None:
        """Start with nothing outstanding."""
        self.sent: Counter[str] = Counter()
        self.replied: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self._seq = 0
        self._waiting: dict[int, Request] = {}
        self._out = bytearray()
        self._round_trips_us: deque[int] = deque(maxlen=_ROUND_TRIPS_KEPT)

    def request(self, name: str, now_us: int, **values: Value) -> None:
        """Queue a message for sending."""
        frame = encode(name, self._seq, **values)
        forgotten = self._waiting.pop(self._seq, None)
        if forgotten is not None:
            self.lost[forgotten.name] += 1
        self._waiting[self._seq] = Request(name, values, now_us)
        self._seq = (self._seq + 1) % _SEQUENCES
        self.sent[name] += 1
        self._out += frame

    def transmit(self) -> bytes:
        """Return and forget the bytes to send."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def match(self, message: Message, now_us: int) -> Request | None:
        """Return the request that ``message`` answers, or None where there is none."""
        request = self._waiting.get(message.seq)
        if request is None or not _answers(message, request):
            return None
        del self._waiting[message.seq]
        self.replied[request.name] += 1
        if request.name == "ping":
            self._round_trips_us.append(now_us - request.sent_us)
        return request

    def expire(self, now_us: int) -> list[Request]:
        """Return the requests whose reply is overdue, and stop waiting for them."""
        overdue = {seq: r for seq, r in self._waiting.items() if now_us >= r.overdue_us}
        for seq, request in overdue.items():
            del self._waiting[seq]
            self.lost[request.name] += 1
        return list(overdue.values())

    def waiting(self, name: str) -> int:
        """Return how many requests of that name wait for a reply."""
        return sum(request.name == name for request in self._waiting.values())

    def abandon(self) -> None:
        """Stop waiting for anything: the board has restarted. Nothing counts as lost."""
        self._waiting.clear()

    def round_trip_us(self, per_cent: int) -> int | None:
        """Return a percentile of the last thousand pings' round trips, or None before the first.

        Only their replies are waited for: an acknowledgement is read when there is something else to do.
        """
        ordered = sorted(self._round_trips_us)
        return ordered[(len(ordered) - 1) * per_cent // 100] if ordered else None


def _answers(message: Message, request: Request) -> bool:
    """Any request may be answered by an ack that names its type: that is how a board refuses."""
    spec = MESSAGES[request.name]
    if message.name == "ack":
        return message.number("acked_type") == spec.type
    return message.name == spec.reply
