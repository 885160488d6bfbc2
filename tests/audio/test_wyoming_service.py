"""A Wyoming satellite's voice, spoken with the real wyoming package; and peers that misbehave."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import read_event, write_event
from wyoming.info import Describe, Info
from wyoming.ping import Ping
from wyoming.snd import Played

from mandible.device.audio.wyoming_service import MOST_CONNECTIONS, WyomingService
from mandible.device.frames import Pcm
from mandible.errors import DeviceError
from tests.audio.wyoming_speech import FORM, PCM, loud


@pytest.fixture
def service() -> Iterator[WyomingService]:
    with WyomingService("127.0.0.1:0") as running:
        yield running


def speak(port: int, pcm: Pcm, form: dict[str, int] = FORM) -> list[str]:
    """What a satellite does with a sentence; returns the events that came back."""

    async def conversation() -> list[str]:
        answers = []
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Describe().event())
            event = await client.read_event()
            assert event is not None
            answers.append(event.type)
            assert Info.from_event(event).snd[0].name == "mandible"
            await client.write_event(AudioStart(**form).event())
            for start in range(0, len(pcm), 1024):
                await client.write_event(
                    AudioChunk(**form, audio=pcm[start : start + 1024].tobytes()).event()
                )
            await client.write_event(AudioStop().event())
            event = await client.read_event()
            assert event is not None
            assert Played.is_type(event.type)
            answers.append(event.type)
        return answers

    return asyncio.run(asyncio.wait_for(conversation(), 20))


def test_a_satellite_plays_its_voice_to_us_whole_and_at_the_pace_of_speech(service: WyomingService) -> None:
    # Sent at once: more than the queue takes, which is two seconds.
    pcm = np.tile(PCM, 8)
    answers: list[str] = []
    satellite = threading.Thread(target=lambda: answers.extend(speak(service.port, pcm)))
    frames = iter(service)
    satellite.start()
    heard = [frame for frame in (next(frames) for _ in range(260)) if frame.pcm.any()]
    satellite.join(10)
    np.testing.assert_array_equal(np.concatenate([frame.pcm for frame in heard]), pcm)
    # Without a hole, one hop every 10 ms.
    assert [frame.index - heard[0].index for frame in heard] == list(range(240))
    assert answers == ["info", "played"]
    assert service.dropped_hops == 0


def test_one_speaks_at_a_time_and_the_next_is_heard_after_that(service: WyomingService) -> None:
    frames = iter(service)
    with (
        socket.create_connection(("127.0.0.1", service.port)) as first,
        socket.create_connection(("127.0.0.1", service.port)) as second,
        first.makefile("rwb") as one,
        second.makefile("rwb") as two,
    ):
        write_event(AudioStart(**FORM).event(), one)
        write_event(AudioChunk(**FORM, audio=PCM[:320].tobytes()).event(), one)
        np.testing.assert_array_equal(loud(frames, 2), PCM[:320])
        write_event(AudioChunk(**FORM, audio=(PCM * 0 + 5).tobytes()).event(), two)
        write_event(Ping().event(), two)
        assert read_event(two) is not None
        write_event(AudioChunk(**FORM, audio=PCM[320:640].tobytes()).event(), one)
        write_event(AudioStop().event(), one)
        np.testing.assert_array_equal(loud(frames, 2), PCM[320:640])
        write_event(AudioChunk(**FORM, audio=PCM[:320].tobytes()).event(), two)
        np.testing.assert_array_equal(loud(frames, 2), PCM[:320])


def test_connections_are_few_and_bad_ones_end(service: WyomingService) -> None:
    frames = iter(service)
    talks = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(MOST_CONNECTIONS + 3)]
    try:
        # Newcomers take the place of those that have said nothing for longest.
        for talk in talks[:3]:
            talk.settimeout(5)
            assert talk.recv(1) == b""
        for talk in talks[3:]:
            talk.settimeout(5)
            talk.sendall(b"what is this\n")
            assert talk.recv(1) == b""
    finally:
        for talk in talks:
            talk.close()
    satellite = threading.Thread(target=speak, args=(service.port, PCM))
    satellite.start()
    np.testing.assert_array_equal(loud(frames, 30), PCM)
    while satellite.is_alive():
        next(frames)


def test_peers_that_say_nothing_keep_neither_a_satellite_nor_the_one_who_speaks_out(
    service: WyomingService,
) -> None:
    frames = iter(service)
    place = ("127.0.0.1", service.port)
    silent: list[socket.socket] = []
    try:
        with socket.create_connection(place) as first, first.makefile("rwb") as one:
            write_event(AudioStart(**FORM).event(), one)
            write_event(AudioChunk(**FORM, audio=PCM[:320].tobytes()).event(), one)
            np.testing.assert_array_equal(loud(frames, 2), PCM[:320])
            silent += [socket.create_connection(place) for _ in range(MOST_CONNECTIONS + 1)]
            for talk in silent[:2]:
                talk.settimeout(5)
                assert talk.recv(1) == b""
            write_event(AudioChunk(**FORM, audio=PCM[320:640].tobytes()).event(), one)
            write_event(AudioStop().event(), one)
            np.testing.assert_array_equal(loud(frames, 2), PCM[320:640])
        satellite = threading.Thread(target=speak, args=(service.port, PCM))
        satellite.start()
        np.testing.assert_array_equal(loud(frames, 30), PCM)
        while satellite.is_alive():
            next(frames)
    finally:
        for talk in silent:
            talk.close()


def test_it_listens_on_this_machine_alone_unless_told_otherwise() -> None:
    with WyomingService("0", patient=False) as service:
        assert service.description == f"Wyoming sound service at 127.0.0.1:{service.port}"
        with pytest.raises(DeviceError, match="cannot listen there"):
            WyomingService(f":{service.port}")
