"""Stuffing, checksum and delimiters: what makes a frame survive a serial line."""

from __future__ import annotations

from cobs import cobs as oracle
from hypothesis import given
from hypothesis import strategies as st

from mandible.firmware_bridge import cobs
from mandible.firmware_bridge.crc import crc16
from mandible.firmware_bridge.protocol import MAX_BLOCK_BYTES, Decoder, encode

# Runs around 254 bytes without a zero are where stuffing goes wrong.
_LONG = st.integers(250, 260).map(lambda n: b"\x01" * n)
_DATA = st.one_of(st.binary(max_size=600), st.lists(st.one_of(_LONG, st.just(b"\x00"))).map(b"".join))
_FRAME = encode("ping", 9, token=0x00FF)


@given(_DATA)
def test_stuffed_bytes_equal_those_of_the_published_package(data: bytes) -> None:
    assert cobs.encode(data) == oracle.encode(data)


@given(_DATA)
def test_unstuffing_gives_back_what_was_stuffed(data: bytes) -> None:
    assert cobs.decode(cobs.encode(data)) == data


@given(st.binary(max_size=300))
def test_unstuffing_refuses_what_the_published_package_refuses(data: bytes) -> None:
    try:
        expected = oracle.decode(data) if data else None
    except oracle.DecodeError:
        expected = None
    assert cobs.decode(data) == expected


def test_checksum_has_the_published_check_value() -> None:
    assert crc16(b"123456789") == 0x6F91


def test_bytes_before_the_first_delimiter_are_no_frame() -> None:
    decoder = Decoder()
    assert decoder.feed(_FRAME[1:]) == []
    assert len(decoder.feed(_FRAME)) == 1
    assert decoder.bad_frames == 0


def test_frames_may_share_a_delimiter_and_come_byte_by_byte() -> None:
    decoder = Decoder()
    stream = _FRAME + _FRAME[1:] + _FRAME
    messages = [m for byte in stream for m in decoder.feed(bytes([byte]))]
    assert [m.number("token") for m in messages] == [0x00FF] * 3


def test_an_endless_block_is_counted_once_and_kept_nowhere() -> None:
    decoder = Decoder()
    decoder.feed(b"\x00")
    for _ in range(1000):
        assert decoder.feed(b"\x55" * 100) == []
    assert decoder.bad_frames == 1
    assert len(decoder._block) <= MAX_BLOCK_BYTES + 1
    assert len(decoder.feed(b"\x00" + _FRAME)) == 1


@given(st.binary(max_size=200))
def test_garbage_costs_no_frame_after_it(garbage: bytes) -> None:
    decoder = Decoder()
    decoder.feed(garbage)
    assert [m.name for m in decoder.feed(_FRAME)] == ["ping"]


def test_no_single_flipped_bit_passes_for_a_frame() -> None:
    for bit in range(8, 8 * (len(_FRAME) - 1)):
        flipped = bytearray(_FRAME)
        flipped[bit // 8] ^= 1 << bit % 8
        assert Decoder().feed(bytes(flipped)) == []
