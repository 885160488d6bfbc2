"""The wire protocol as ``protocol.toml`` states it: messages to bytes, and bytes to messages.

A frame is ``00 COBS(type seq body crc16) 00``. The schema is read once, when this module is imported;
nothing here repeats it. Reference with byte examples: ``docs/protocol.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from struct import error as struct_error
from typing import Any

from mandible.firmware_bridge import cobs, toml_source
from mandible.firmware_bridge.crc import crc16

Value = int | tuple[int, ...]

_SIZES = {"u8": 1, "u16": 2, "u32": 4}
_CODES = {1: "B", 2: "H", 4: "I"}
_HEADER_BYTES = 2
_CRC_BYTES = 2


class ProtocolError(ValueError):
    """A message cannot be put on the wire: unknown name or field, or a value out of its range."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: ``size`` bytes an element, and what counts its elements (None: there is exactly one)."""

    name: str
    size: int
    counted_by: str | None


@dataclass(frozen=True, slots=True)
class MessageSpec:
    """One message: its type byte, who sends it, the reply a host message gets, its fields in wire order.

    ``layouts[n]`` is how type, seq and body lie on the wire when the last field, if repeated, comes n times.
    """

    name: str
    type: int
    sender: str
    reply: str | None
    fields: tuple[FieldSpec, ...]
    layouts: tuple[Struct, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded message. ``values`` holds an int per field, or a tuple of ints for a repeated field."""

    name: str
    seq: int
    values: Mapping[str, Value] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """Return a single field."""
        value = self.values[name]
        assert isinstance(value, int), name
        return value

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a repeated field."""
        value = self.values[name]
        assert isinstance(value, tuple), name
        return value


def _message_spec(sender: str, name: str, table: Mapping[str, Any]) -> MessageSpec:
    fields = []
    for field_name, kind in table["fields"].items():
        base, _, counted = kind.partition("[")
        fields.append(FieldSpec(field_name, _SIZES[base], counted.rstrip("]") or None))
    layouts = tuple(_layout(fields, repeats) for repeats in range(MAX_CHANNELS + 1))
    return MessageSpec(name, table["type"], sender, table.get("reply"), tuple(fields), layouts)


def _layout(fields: Sequence[FieldSpec], repeats: int) -> Struct:
    codes = [_CODES[item.size] * (1 if item.counted_by is None else repeats) for item in fields]
    return Struct("<BB" + "".join(codes))


_SCHEMA = toml_source.parse(Path(__file__).with_name("protocol.toml").read_text("utf-8"))

WIRE: Mapping[str, int] = _SCHEMA["wire"]
MAX_CHANNELS = WIRE["max_channels"]
STATUS: Mapping[str, int] = _SCHEMA["status"]
FLAGS: Mapping[str, int] = _SCHEMA["flags"]
TRAITS: Mapping[str, int] = _SCHEMA["trait"]
BOARDS: Mapping[str, int] = _SCHEMA["board_id"]
LIMITS: Mapping[str, int] = _SCHEMA["limits"]
MESSAGES: Mapping[str, MessageSpec] = {
    name: _message_spec(sender, name, table)
    for sender in ("host", "board")
    for name, table in _SCHEMA[sender].items()
}
# type, seq, body and checksum, and the one byte that stuffing adds to so short a block.
MAX_BLOCK_BYTES = _HEADER_BYTES + WIRE["max_body_bytes"] + _CRC_BYTES + 1

_BY_TYPE = {spec.type: spec for spec in MESSAGES.values()}
_STATUS_NAMES = {code: name for name, code in STATUS.items()}


def status_name(code: int) -> str:
    """Return the schema's name of a status code; a code from a newer board reads ``status 99``."""
    return _STATUS_NAMES.get(code, f"status {code}")


def encode(name: str, seq: int, **values: Value) -> bytes:
    """Return one whole frame, both delimiters included. Every integer is checked against its field."""
    spec = MESSAGES.get(name)
    if spec is None:
        raise ProtocolError(f"no message is called {name!r}")
    names = [f.name for f in spec.fields]
    if set(values) != set(names):
        raise ProtocolError(f"{name} has the fields {names}, not {sorted(values)}")
    numbers: list[Value] = [spec.type, seq]
    repeats = 0
    for item in spec.fields:
        value = values[item.name]
        if item.counted_by is None:
            numbers.append(value)
        else:
            repeated = _repeated(spec, item, values)
            repeats = len(repeated)
            numbers += repeated
    try:
        block = spec.layouts[repeats].pack(*numbers)
    except struct_error:
        raise _out_of_range(spec, seq, values) from None
    if bool in map(type, numbers):  # which packs as a number, but is none
        raise _out_of_range(spec, seq, values)
    return b"\x00" + cobs.encode(block + crc16(block).to_bytes(_CRC_BYTES, "little")) + b"\x00"


def decode(block: bytes) -> Message | None:
    """Return the message between two delimiters, or None unless every byte of it is as the schema says."""
    if len(block) > MAX_BLOCK_BYTES:
        return None
    plain = cobs.decode(block)
    if plain is None or len(plain) < _HEADER_BYTES + _CRC_BYTES:
        return None
    content = plain[:-_CRC_BYTES]
    if crc16(content) != int.from_bytes(plain[-_CRC_BYTES:], "little"):
        return None
    spec = _BY_TYPE.get(content[0])
    if spec is None:
        return None
    values = _decode_values(spec, content)
    return None if values is None else Message(spec.name, content[1], values)


class Decoder:
    """Cuts a byte stream into messages; holds at most one frame's bytes whatever arrives.

    Attributes:
        bad_frames: blocks between delimiters that were no valid message, over-long ones included.
    """

    def __init__(self) -> None:
        """Start before the first delimiter: bytes until then belong to no frame."""
        self.bad_frames = 0
        self._block = bytearray()
        self.reset()

    def reset(self) -> None:
        """Start anew on another stream; the count of bad frames goes on."""
        self._block.clear()
        # True from the stream's start, and after an over-long block, until the next delimiter.
        self._skipping = True

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that ``data`` completed, in order."""
        messages = []
        for piece_index, piece in enumerate(data.split(b"\x00")):
            if piece_index:
                message = self._close_block()
                if message is not None:
                    messages.append(message)
            if self._skipping or not piece:
                continue
            self._block += piece[: MAX_BLOCK_BYTES + 1 - len(self._block)]
            if len(self._block) > MAX_BLOCK_BYTES:
                self.bad_frames += 1
                self._skipping = True
        return messages

    def _close_block(self) -> Message | None:
        block, skipping = bytes(self._block), self._skipping
        self._block.clear()
        self._skipping = False
        if skipping or not block:
            return None
        message = decode(block)
        self.bad_frames += message is None
        return message


def _repeated(spec: MessageSpec, item: FieldSpec, values: Mapping[str, Value]) -> tuple[int, ...]:
    """Return the elements of a repeated field, as many as there must be."""
    value = values[item.name]
    where = f"{spec.name}.{item.name}"
    if not isinstance(value, tuple):
        raise ProtocolError(f"{where} takes a tuple, not {value!r}")
    assert item.counted_by is not None
    if len(value) != _count(item.counted_by, values, len(value)):
        raise ProtocolError(f"{where} has {len(value)} elements; {item.counted_by} says otherwise")
    return value


def _out_of_range(spec: MessageSpec, seq: object, values: Mapping[str, Value]) -> ProtocolError:
    """Return the error that names the first value which is no integer of its field's size."""
    sizes: list[tuple[str, object, int]] = [("seq", seq, 1)]
    for item in spec.fields:
        given = values[item.name]
        sizes += [(item.name, one, item.size) for one in (given if isinstance(given, tuple) else (given,))]
    for name, value, size in sizes:
        if type(value) is not int or not 0 <= value < 1 << 8 * size:
            return ProtocolError(f"{spec.name}.{name} is {value!r}; it takes 0..{(1 << 8 * size) - 1}")
    raise AssertionError(f"{spec.name} has no value out of range")


def _count(counted_by: str, values: Mapping[str, Value], present: int) -> int | None:
    """Return how many elements a repeated field must have, given how many are there; None: it cannot be."""
    if counted_by == "channels":
        return present if present <= MAX_CHANNELS else None
    mask = values[counted_by]
    if not isinstance(mask, int) or mask >> MAX_CHANNELS:
        return None
    return mask.bit_count()


def _decode_values(spec: MessageSpec, content: bytes) -> dict[str, Value] | None:
    """Return the fields of type, seq and body, or None where the length is not what the fields say."""
    # A repeated field is always the last one, so what is left of the body belongs to it.
    repeated = spec.fields[-1] if spec.fields and spec.fields[-1].counted_by is not None else None
    beyond = len(content) - spec.layouts[0].size
    if beyond < 0:
        return None
    repeats = 0 if repeated is None else beyond // repeated.size
    if repeats > MAX_CHANNELS or spec.layouts[repeats].size != len(content):
        return None
    numbers = spec.layouts[repeats].unpack(content)[_HEADER_BYTES:]
    if repeated is None:
        return {item.name: number for item, number in zip(spec.fields, numbers, strict=True)}
    single = len(spec.fields) - 1
    values: dict[str, Value] = {
        item.name: number for item, number in zip(spec.fields[:single], numbers[:single], strict=True)
    }
    assert repeated.counted_by is not None
    if _count(repeated.counted_by, values, repeats) != repeats:
        return None
    values[repeated.name] = numbers[single:]
    return values
