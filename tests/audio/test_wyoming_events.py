"""The bytes of the Wyoming protocol: as the wyoming package writes and reads them, and hostile ones."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.audio import AudioChunk
from wyoming.event import Event as TheirEvent
from wyoming.event import read_event, write_event

from mandible.device.audio.wyoming_events import (
    MOST_DATA_BYTES,
    MOST_HEADER_BYTES,
    MOST_PAYLOAD_BYTES,
    Event,
    EventDecoder,
    ProtocolError,
)
from mandible.device.audio.wyoming_sound import SoundEvents

JSON_DATA = st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.booleans(), max_size=5)


@given(st.text(min_size=1), JSON_DATA, st.binary(max_size=300), st.integers(1, 50))
def test_what_their_package_writes_is_read(
    name: str, data: dict[str, object], payload: bytes, cut: int
) -> None:
    written = io.BytesIO()
    write_event(TheirEvent(name, dict(data), payload), written)
    decoder = EventDecoder()
    raw = written.getvalue()
    read = [event for i in range(0, len(raw), cut) for event in decoder.feed(raw[i : i + cut])]
    assert [(event.type, event.data, event.payload) for event in read] == [(name, data, payload)]
    assert not decoder.half


@given(st.text(min_size=1), JSON_DATA, st.binary(max_size=300))
def test_what_we_write_their_package_reads(name: str, data: dict[str, object], payload: bytes) -> None:
    read = read_event(io.BytesIO(Event(name, data, payload).encoded()))
    assert read is not None
    assert (read.type, read.data, read.payload or b"") == (name, data, payload)


@given(
    st.lists(st.binary(max_size=200) | st.sampled_from([b'{"type": "audio-chunk"', b"}\n", b"\n", b"{}\n"]))
)
def test_garbage_is_an_error_or_nothing_and_never_kept_without_bound(pieces: list[bytes]) -> None:
    decoder, sound = EventDecoder(), SoundEvents()
    try:
        for piece in pieces:
            for event in decoder.feed(piece):
                list(sound.hops(event))
    except ProtocolError:
        return
    assert len(b"".join(pieces)) < MOST_HEADER_BYTES or not decoder.half


LENGTHS = st.one_of(
    st.integers(), st.floats(), st.text(max_size=5), st.none(), st.booleans(), st.lists(st.none())
)


@given(LENGTHS, LENGTHS, st.binary(max_size=64))
def test_lengths_of_any_kind_are_checked(data_length: object, payload_length: object, rest: bytes) -> None:
    header = {"type": "audio-chunk", "data_length": data_length, "payload_length": payload_length}
    decoder = EventDecoder()
    try:
        for event in decoder.feed(json.dumps(header).encode() + b"\n" + rest):
            assert len(event.payload) <= len(rest)
    except ProtocolError:
        return
    lengths = (data_length or 0, payload_length or 0)
    assert all(type(length) is int and length >= 0 for length in lengths if length is not False)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("rate", "width", "channels"), LENGTHS)),
    st.binary(max_size=2000),
)
def test_a_chunk_of_any_format_is_sound_or_an_error(form: dict[str, object], payload: bytes) -> None:
    try:
        for pcm in SoundEvents().hops(Event("audio-chunk", form, payload)):
            assert (pcm.dtype, pcm.shape) == (np.int16, (160,))
    except ProtocolError:
        return


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * (MOST_HEADER_BYTES + 1),
        b"x" * MOST_HEADER_BYTES + b"xx\n",
        b"[1]\n",
        b"{}\n",
        b'{"type": 5}\n',
        b'{"type": "a", "data": []}\n',
        b'{"type": "a", "data_length": -1}\n',
        b'{"type": "a", "data_length": %d}\n' % (MOST_DATA_BYTES + 1),
        b'{"type": "a", "payload_length": %d}\n' % (MOST_PAYLOAD_BYTES + 1),
        b'{"type": "a", "payload_length": 1%s}\n' % (b"0" * 5000),
        b'{"type": "a", "data_length": 2}\n[]',
        b"[" * 9000 + b"\n",
        b"\xff\xfe\n",
        b"GET / HTTP/1.1\r\n",
    ],
)
def test_what_is_no_event_or_too_large_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        list(EventDecoder().feed(raw))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("width", "tolerance"), [(1, 255), (2, 0), (3, 0), (4, 0)])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_width_and_channel_count_becomes_the_same_sound(
    width: int, tolerance: int, channels: int
) -> None:
    pcm = np.random.default_rng(1).integers(-32000, 32000, 480).astype(np.int16)
    wide = pcm.astype(np.int64) << 16
    raw = {
        1: ((wide >> 24) + 128).astype(np.uint8).tobytes(),
        2: pcm.astype("<i2").tobytes(),
        3: b"".join(int(v).to_bytes(4, "little", signed=True)[1:] for v in wide),
        4: wide.astype("<i4").tobytes(),
    }[width]
    samples = [raw[i : i + width] * channels for i in range(0, len(raw), width)]
    chunk = AudioChunk(16_000, width, channels, b"".join(samples)).event()
    made = list(SoundEvents().hops(Event(chunk.type, chunk.data, chunk.payload or b"")))
    assert np.abs(np.concatenate(made).astype(int) - pcm).max() <= tolerance


def test_other_rates_are_resampled_and_a_change_completes_the_sound_before() -> None:
    sound = SoundEvents()
    tone = np.rint(8000 * np.sin(2 * np.pi * 300 * np.arange(22_050) / 22_050)).astype("<i2").tobytes()
    form = {"rate": 22_050, "width": 2, "channels": 1}
    made = [
        hop
        for start in range(0, len(tone), 2048)
        for hop in sound.hops(Event("audio-chunk", form, tone[start : start + 2048]))
    ]
    made += sound.hops(Event("audio-chunk", {"rate": 16_000, "width": 2, "channels": 1}, bytes(320)))
    assert len(made) == 101
    pcm = np.concatenate(made[:100])
    assert np.count_nonzero(np.diff(np.signbit(pcm))) == pytest.approx(600, abs=4)
