"""The noise gate: the room keeps the mouth shut, and speech however soft opens it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mandible.device.decoder_settings import DecoderSettings
from mandible.device.frames import MEL_BANDS
from mandible.device.gate import BLOCK_HOPS, LEAST_SILENCE, MOST_HOPS, Gate

ROOM, SPEECH = 0, 60 * MEL_BANDS
MARGIN = DecoderSettings().gate_margin * MEL_BANDS
ROOM_HOPS = DecoderSettings().gate_room_ms // 10
SILENCE_HOPS = DecoderSettings().gate_silence_ms // 10


def gate(**chosen: int) -> Gate:
    return Gate(DecoderSettings(**chosen))


def hear(one: Gate, loudness: int, silent: bool, hops: int = 1) -> list[bool]:
    return [one.step(loudness, 255 if silent else 0, one.bottom(loudness)) for _ in range(hops)]


def test_it_starts_shut_and_the_first_speech_opens_it() -> None:
    one = gate()
    assert hear(one, ROOM, True) == [True]
    assert hear(one, SPEECH, False) == [False]
    assert one.shut_hops == 0


def test_speech_is_heard_however_soft_it_is() -> None:
    one = gate()
    hear(one, ROOM, True, 300)
    assert hear(one, ROOM, False, 300) == [False] * 300


def test_silence_as_loud_as_the_room_shuts_it_after_the_hold_time() -> None:
    one = gate()
    hear(one, ROOM, True, 50)
    hear(one, SPEECH, False, 30)
    assert hear(one, ROOM + MARGIN, True, ROOM_HOPS + 1) == [False] * (ROOM_HOPS - 1) + [True] * 2
    assert one.shut_hops == 2


def test_louder_silence_shuts_it_only_when_it_lasts() -> None:
    one = gate()
    hear(one, ROOM, True, 50)
    hear(one, SPEECH, False, 30)
    assert hear(one, ROOM + MARGIN + 1, True, SILENCE_HOPS) == [False] * (SILENCE_HOPS - 1) + [True]


def test_noise_in_a_long_silence_does_not_open_it() -> None:
    one = gate()
    hear(one, SPEECH, False, 30)
    hear(one, ROOM, True, SILENCE_HOPS)
    assert all(hear(one, SPEECH, True, 50))
    assert hear(one, ROOM, False) == [False]


def test_noise_in_a_short_silence_opens_it() -> None:
    one = gate()
    hear(one, ROOM, True, 50)
    hear(one, SPEECH, False, 30)
    assert hear(one, ROOM, True, ROOM_HOPS)[-1]
    assert hear(one, SPEECH, True) == [False]


def test_the_floor_rises_within_two_blocks_and_falls_at_once() -> None:
    one = gate(gate_silence_ms=0)
    louder = ROOM + 2 * MARGIN
    hear(one, ROOM, True, 2 * BLOCK_HOPS)
    hear(one, louder, False)
    shut = hear(one, louder, True, BLOCK_HOPS + ROOM_HOPS)
    assert not any(shut[: BLOCK_HOPS - 1])
    assert shut[-1]
    hear(one, ROOM, True)
    hear(one, louder, False)
    assert not any(hear(one, louder, True, BLOCK_HOPS))


def test_what_is_too_quiet_for_speech_shuts_it_whatever_the_network_hears() -> None:
    one = gate(gate_level=10, gate_hold_ms=30, gate_room_ms=0)
    hear(one, SPEECH, False, 20)
    assert hear(one, 10 * MEL_BANDS - 1, False, 4) == [False, False, True, True]
    assert hear(one, 10 * MEL_BANDS, False) == [False]


def test_a_doubtful_silence_opens_it() -> None:
    one = gate()
    hear(one, ROOM, True, 300)
    assert one.step(ROOM, LEAST_SILENCE, False)
    assert not one.step(ROOM, LEAST_SILENCE - 1, False)


def test_the_count_of_quiet_ends_somewhere() -> None:
    one = gate()
    hear(one, ROOM, True, MOST_HOPS + 10)
    assert one.shut_hops == MOST_HOPS


def test_reset_forgets_the_room() -> None:
    one, fresh = gate(), gate()
    hear(one, -50 * MEL_BANDS, True, 150)
    one.reset()
    said = [(SPEECH, False)] * 5 + [(SPEECH, True)] * 40
    assert [hear(one, *hop) for hop in said] == [hear(fresh, *hop) for hop in said]


@given(st.lists(st.tuples(st.integers(-128 * MEL_BANDS, 127 * MEL_BANDS), st.integers(0, 255)), max_size=400))
def test_above_the_bottom_it_is_never_shut_where_the_network_hears_speech(
    said: list[tuple[int, int]],
) -> None:
    one = gate()
    for loudness, silence in said:
        bottom = one.bottom(loudness)
        shut = one.step(loudness, silence, bottom)
        assert not shut or silence >= LEAST_SILENCE or bottom
        assert (one.shut_hops > 0) == shut
