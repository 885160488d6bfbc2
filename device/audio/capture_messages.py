"""What the capture process says to the program, as bytes in a pipe: a head of 8 bytes, then the message.

The head is a letter, three zeros and the message's length (uint32, little-endian). Both ends are on one
computer and of one version; lengths are checked all the same, because a process that goes wrong writes
anything.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from mandible.device.audio.capture_ring import Block

_HEAD = struct.Struct("<c3xI")
_BLOCK = struct.Struct("<QqQ")
# A block of 10 ms of the widest device there is (192 kHz, 8 channels, int16) takes half of it.
MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Found:
    """A device was chosen; this is how it will be opened."""

    name: str
    rate_hz: int
    channels: int


@dataclass(frozen=True, slots=True)
class Started:
    """The device was opened; blocks will come."""


@dataclass(frozen=True, slots=True)
class Problem:
    """No sound for now; ``text`` is one line for people."""

    text: str


Message = Found | Started | Problem | Block
_TEXTS: dict[bytes, type[Found] | type[Started] | type[Problem]] = {b"F": Found, b"S": Started, b"P": Problem}


class BrokenMessageError(ValueError):
    """The pipe holds what no capture process says."""


def encode(message: Message) -> bytes:
    """Return the bytes of a message."""
    if isinstance(message, Block):
        body = _BLOCK.pack(message.sequence, message.captured_ns, message.overflows) + message.raw
        return _HEAD.pack(b"B", len(body)) + body
    (kind,) = (letter for letter, shape in _TEXTS.items() if type(message) is shape)
    body = json.dumps(asdict(message)).encode()
    return _HEAD.pack(kind, len(body)) + body


class Decoder:
    """Cuts a stream of bytes into messages, however it arrives."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def push(self, raw: bytes) -> Iterator[Message]:
        """Take bytes in; yield every message that is complete.

        Raises:
            BrokenMessageError: the bytes make no message.
        """
        self._waiting += raw
        while len(self._waiting) >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._waiting)
            if length > MOST_BYTES:
                raise BrokenMessageError(f"a message of {length} bytes")
            if len(self._waiting) < _HEAD.size + length:
                return
            body = bytes(self._waiting[_HEAD.size : _HEAD.size + length])
            del self._waiting[: _HEAD.size + length]
            yield _decode(kind, body)


def _decode(kind: bytes, body: bytes) -> Message:
    if kind == b"B" and len(body) >= _BLOCK.size:
        sequence, captured_ns, overflows = _BLOCK.unpack_from(body)
        return Block(sequence, captured_ns, overflows, body[_BLOCK.size :])
    try:
        return _TEXTS[kind](**json.loads(body))
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenMessageError(f"message {kind!r}: {error}") from error
