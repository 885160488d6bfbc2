"""Frames to and from a board under test, and the limits the tests store on it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from mandible.firmware_bridge import _board, cobs
from mandible.firmware_bridge.crc import crc16
from mandible.firmware_bridge.protocol import LIMITS, STATUS, Decoder, Message, Value, encode

CHANNELS = 12
EVERY_CHANNEL = (1 << CHANNELS) - 1
PERIOD_US = _board.PERIOD_US
# (min_us, max_us, neutral_us, speed_us_per_s); the acceleration is the most there is unless a test says.
Limits = tuple[int, int, int, int]
WIDE: Limits = (500, 2500, 1500, 20_000)
JAW: Limits = (1000, 2000, 1400, 5000)

MOST_ACCEL = LIMITS["accel_max_100us_per_s2"]

_LAYOUT = 2


def eeprom_image(
    limits: Mapping[int, Limits],
    watchdog_ms: int = 300,
    *,
    period_us: int = PERIOD_US,
    idle_detach_s: int = 0,
    accel_100us_per_s2: int = MOST_ACCEL,
    generation: int = 1,
) -> bytes:
    """Return the image a board has in a slot of permanent memory with these limits by channel."""
    records = b"".join(
        struct.pack("<5HB", *limits[c], accel_100us_per_s2, 0) if c in limits else bytes(11)
        for c in range(CHANNELS)
    )
    settings = (generation, watchdog_ms, period_us, idle_detach_s)
    content = struct.pack("<BB4H", _LAYOUT, CHANNELS, *settings) + records
    return content + struct.pack("<H", crc16(content))


def stored_channels(image: bytes) -> int:
    """Return how many channels have limits in a slot's image."""
    return sum(any(image[at : at + 11]) for at in range(10, 10 + 11 * CHANNELS, 11))


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


def limits_fields(channel: int, limits: Limits, accel_100us_per_s2: int = MOST_ACCEL) -> dict[str, Value]:
    """Return the fields of ``set_limits``; four zeros take the limits away."""
    names = ("min_us", "max_us", "neutral_us", "speed_us_per_s")
    accel = accel_100us_per_s2 if any(limits) else 0
    return {
        "channel": channel,
        **dict(zip(names, limits, strict=True)),
        "accel_100us_per_s2": accel,
        "traits": 0,
    }


def store_fields(watchdog_ms: int, period_us: int = PERIOD_US, idle_detach_s: int = 0) -> dict[str, Value]:
    """Return the fields of ``store``."""
    return {"watchdog_ms": watchdog_ms, "period_us": period_us, "idle_detach_s": idle_detach_s}


def calibration(limits: Mapping[int, Limits], watchdog_ms: int) -> Iterable[tuple[str, dict[str, Value]]]:
    """Yield the requests of a calibration session."""
    yield "unlock", {"key": 0x4C494D43}
    for channel, one in limits.items():
        yield "set_limits", limits_fields(channel, one)
    yield "store", store_fields(watchdog_ms)


def status_of(reply: Message) -> str:
    """Return the name of an acknowledgement's status."""
    assert reply.name == "ack", reply
    return next(name for name, code in STATUS.items() if code == reply.number("status"))
