"""Every message of the schema, to bytes and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.firmware_bridge import toml_source
from mandible.firmware_bridge.protocol import (
    MAX_CHANNELS,
    MESSAGES,
    WIRE,
    Decoder,
    Message,
    MessageSpec,
    ProtocolError,
    Value,
    encode,
    status_name,
)

_GOLDEN = toml_source.parse(Path(__file__).with_name("golden_frames.toml").read_text("utf-8"))["frame"]
_PROTOCOL_PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"


def _values(golden: dict[str, Any]) -> dict[str, Value]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in golden["values"].items()}


@pytest.mark.parametrize("golden", _GOLDEN, ids=lambda golden: golden["name"])
def test_golden_bytes(golden: dict[str, Any]) -> None:
    frame = bytes.fromhex(golden["bytes"])
    assert encode(golden["name"], golden["seq"], **_values(golden)) == frame
    assert Decoder().feed(frame) == [Message(golden["name"], golden["seq"], _values(golden))]


def test_every_message_has_golden_bytes_and_they_stand_in_the_documentation() -> None:
    assert {golden["name"] for golden in _GOLDEN} == set(MESSAGES)
    page = _PROTOCOL_PAGE.read_text("utf-8")
    assert [g["name"] for g in _GOLDEN if g["bytes"] not in page] == []


@st.composite
def _messages(draw: st.DrawFn) -> Message:
    spec: MessageSpec = draw(st.sampled_from(list(MESSAGES.values())))
    values: dict[str, Value] = {}
    for field in spec.fields:
        top = (1 << 8 * field.size) - 1
        if field.counted_by is None:
            # A mask says how many pulses follow, and only a board's outputs may be in it.
            is_count = any(other.counted_by == field.name for other in spec.fields)
            values[field.name] = draw(st.integers(0, min(top, (1 << MAX_CHANNELS) - 1) if is_count else top))
        else:
            mask = values.get(field.counted_by)
            count = mask.bit_count() if isinstance(mask, int) else draw(st.integers(0, MAX_CHANNELS))
            values[field.name] = tuple(draw(st.lists(st.integers(0, top), min_size=count, max_size=count)))
    return Message(spec.name, draw(st.integers(0, 255)), values)


@given(st.lists(_messages(), max_size=5))
def test_messages_survive_the_wire(messages: list[Message]) -> None:
    decoder = Decoder()
    stream = b"".join(encode(m.name, m.seq, **m.values) for m in messages)
    assert decoder.feed(stream) == messages
    assert decoder.bad_frames == 0


def test_the_longest_message_fits_the_body() -> None:
    body = {
        spec.name: sum(f.size * (MAX_CHANNELS if f.counted_by else 1) for f in spec.fields)
        for spec in MESSAGES.values()
    }
    assert max(body.values()) <= WIRE["max_body_bytes"]


@pytest.mark.parametrize(
    ("name", "values", "complaint"),
    [
        ("ping", {"token": 65_536}, r"ping\.token is 65536; it takes 0\.\.65535"),
        ("ping", {"token": -1}, r"ping\.token is -1"),
        ("ping", {"token": 1.0}, r"ping\.token is 1\.0"),
        ("ping", {"token": True}, r"ping\.token is True"),
        ("ping", {}, r"ping has the fields \['token'\]"),
        ("pink", {}, "no message is called 'pink'"),
        ("move", {"due_us": 0, "mask": 3, "pulse_us": (1500,)}, r"move\.pulse_us has 1 elements"),
        ("move", {"due_us": 0, "mask": 1, "pulse_us": 1500}, r"move\.pulse_us takes a tuple"),
        ("move", {"due_us": 0, "mask": 0x1000, "pulse_us": (1500,)}, r"move\.pulse_us has 1 elements"),
        ("move", {"due_us": 0, "mask": 1, "pulse_us": (70_000,)}, r"move\.pulse_us is 70000"),
    ],
)
def test_nothing_out_of_range_gets_on_the_wire(name: str, values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ProtocolError, match=complaint):
        encode(name, 0, **values)


def test_a_sequence_number_is_one_byte() -> None:
    with pytest.raises(ProtocolError, match=r"query\.seq is 256"):
        encode("query", 256)


def test_a_status_of_a_newer_board_still_has_a_name() -> None:
    assert status_name(0) == "ok"
    assert status_name(99) == "status 99"
