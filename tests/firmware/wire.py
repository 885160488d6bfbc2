"""Frames to and from a board under test, and the limits the tests store on it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from mandible.firmware_bridge import _board, cobs
from mandible.firmware_bridge.crc import crc16
from mandible.firmware_bridge.protocol import STATUS, Decoder, Message, Value, encode

CHANNELS = 12
EVERY_CHANNEL = (1 << CHANNELS) - 1
PERIOD_US = _board.PERIOD_US
# (min_us, max_us, neutral_us, speed_us_per_s)
Limits = tuple[int, int, int, int]
WIDE: Limits = (500, 2500, 1500, 20_000)
JAW: Limits = (1000, 2000, 1400, 5000)

_LAYOUT = 1


def eeprom_image(limits: Mapping[int, Limits], watchdog_ms: int = 300) -> bytes:
    """Return the image a board has in permanent memory with these limits by channel."""
    records = b"".join(struct.pack("<4H", *limits.get(c, (0, 0, 0, 0))) for c in range(CHANNELS))
    content = struct.pack("<BBH", _LAYOUT, CHANNELS, watchdog_ms) + records
    return content + struct.pack("<H", crc16(content))


def raw_frame(message_type: int, body: bytes, seq: int = 1) -> bytes:
    """Return a frame with a correct CRC, whatever it says."""
    content = bytes([message_type, seq]) + body
    return b"\0" + cobs.encode(content + struct.pack("<H", crc16(content))) + b"\0"


class Wire:
    """Numbers requests and finds the replies in a stream of bytes."""

    def __init__(self) -> None:
        """Start with sequence number 0."""
        self._seq = 0
        self._decoder = Decoder()

    def frame(self, name: str, **values: Value) -> bytes:
        """Return the next request."""
        self._seq = (self._seq + 1) & 0xFF
        return encode(name, self._seq, **values)

    def messages(self, data: bytes) -> list[Message]:
        """Return what the board has said."""
        return self._decoder.feed(data)


def calibration(limits: Mapping[int, Limits], watchdog_ms: int) -> Iterable[tuple[str, dict[str, Value]]]:
    """Yield the requests of a calibration session."""
    yield "unlock", {"key": 0x4C494D43}
    for channel, (min_us, max_us, neutral_us, speed_us_per_s) in limits.items():
        yield (
            "set_limits",
            {
                "channel": channel,
                "min_us": min_us,
                "max_us": max_us,
                "neutral_us": neutral_us,
                "speed_us_per_s": speed_us_per_s,
            },
        )
    yield "store", {"watchdog_ms": watchdog_ms}


def status_of(reply: Message) -> str:
    """Return the name of an acknowledgement's status."""
    assert reply.name == "ack", reply
    return next(name for name, code in STATUS.items() if code == reply.number("status"))
