"""The Wyoming protocol's events as bytes: a JSON line, then data (JSON), then a payload.

https://github.com/OHF-Voice/wyoming#format. Whatever arrives is bounded and checked before it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mandible.wording import shortened

VERSION = "1.5.4"
MOST_HEADER_BYTES = 16 << 10
MOST_DATA_BYTES = 256 << 10
MOST_PAYLOAD_BYTES = 1 << 20


class ProtocolError(ValueError):
    """The other side does not speak Wyoming, or says more at once than is taken."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type, its data and what came with it."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""

    def encoded(self) -> bytes:
        """Return the event's bytes."""
        header: dict[str, Any] = {"type": self.type, "version": VERSION}
        data = json.dumps(dict(self.data)).encode() if self.data else b""
        if data:
            header["data_length"] = len(data)
        if self.payload:
            header["payload_length"] = len(self.payload)
        return json.dumps(header).encode() + b"\n" + data + self.payload


class EventDecoder:
    """Cuts a stream of bytes, in pieces of any size, into events."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._header: dict[str, Any] | None = None
        self._searched = 0

    @property
    def half(self) -> bool:
        """True while part of an event has arrived and the rest has not."""
        return bool(self._waiting) or self._header is not None

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take bytes in; yield every event that is complete.

        Raises:
            ProtocolError: no event can begin like this, or it is too large. Nothing may be fed after that.
        """
        self._waiting += data
        while True:
            if self._header is None and not self._read_header():
                return
            assert self._header is not None
            data_bytes, payload_bytes = self._header["data_length"], self._header["payload_length"]
            if len(self._waiting) < data_bytes + payload_bytes:
                return
            header, self._header = self._header, None
            values = dict(header["data"])
            if data_bytes:
                values.update(_object(bytes(self._waiting[:data_bytes]), "an event's data"))
            payload = bytes(self._waiting[data_bytes : data_bytes + payload_bytes])
            del self._waiting[: data_bytes + payload_bytes]
            yield Event(header["type"], values, payload)

    def _read_header(self) -> bool:
        end = self._waiting.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._waiting)
            if len(self._waiting) > MOST_HEADER_BYTES:
                raise ProtocolError(f"no line ended within {MOST_HEADER_BYTES >> 10} KiB; it is no Wyoming")
            return False
        if end > MOST_HEADER_BYTES:
            raise ProtocolError(f"an event's header has more than {MOST_HEADER_BYTES >> 10} KiB")
        header = _object(bytes(self._waiting[:end]), "an event's header")
        del self._waiting[: end + 1]
        self._searched = 0
        if not isinstance(header.get("type"), str):
            raise ProtocolError("an event without a type; it is no Wyoming")
        header["data"] = {} if header.get("data") is None else header["data"]
        if not isinstance(header["data"], dict):
            raise ProtocolError("an event whose data is no JSON object")
        for name, most in (("data_length", MOST_DATA_BYTES), ("payload_length", MOST_PAYLOAD_BYTES)):
            header[name] = whole_number(0 if header.get(name) is None else header[name], name, 0, most)
        self._header = header
        return True


def whole_number(value: object, name: str, low: int, high: int) -> int:
    """Return ``value`` where it is a whole number within bounds (inclusive), else raise ProtocolError."""
    if type(value) is not int or not low <= value <= high:
        said = shortened(str(value)) if not isinstance(value, int) or value.bit_length() < 100 else "it"
        raise ProtocolError(f"{name} = {said} is no whole number from {low} to {high}")
    return value


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):  # UnicodeDecodeError and numbers of thousands of digits are too
        raise ProtocolError(f"{what} is not JSON: {shortened(raw[:40].decode('latin-1'))}") from None
    if not isinstance(found, dict):
        raise ProtocolError(f"{what} is no JSON object")
    return found
