"""Sound over TCP, spoken with the real wyoming package on the other side; and with peers that misbehave."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event, read_event, write_event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.snd import Played

from mandible.device.audio import open_source
from mandible.device.audio.conditioner import Conditioning
from mandible.device.audio.wyoming_client import WyomingClient
from mandible.device.audio.wyoming_service import MOST_CONNECTIONS, WyomingService
from mandible.device.frames import Frame, Pcm
from mandible.errors import DeviceError, InputError

PCM = np.random.default_rng(2).integers(-20_000, 20_000, 1600 * 3).astype(np.int16)
PCM[PCM == 0] = 1
FORM = {"rate": 16_000, "width": 2, "channels": 1}


def loud(frames: Iterator[Frame], hops: int, limit_s: float = 10.0) -> Pcm:
    """Return the sound of the next ``hops`` hops that are not silent."""
    heard: list[Pcm] = []
    end_s = time.monotonic() + limit_s
    while len(heard) < hops:
        assert time.monotonic() < end_s, "no sound came"
        frame = next(frames)
        if frame.pcm.any():
            heard.append(frame.pcm)
    return np.concatenate(heard)


def silent_until(frames: Iterator[Frame], source: object, state: str, limit_s: float = 10.0) -> None:
    """Listen until the source is in a state."""
    end_s = time.monotonic() + limit_s
    while not str(getattr(source, "state")).startswith(state):  # noqa: B009
        assert time.monotonic() < end_s, getattr(source, "state")  # noqa: B009
        next(frames)


class Microphone:
    """A Wyoming service that sends sound to whoever connects, one connection at a time."""

    def __init__(self, port: int = 0) -> None:
        self.server = socket.create_server(("127.0.0.1", port))
        self.port = self.server.getsockname()[1]
        self.connection: socket.socket | None = None

    def welcome(self) -> None:
        self.connection = self.server.accept()[0]
        self.connection.settimeout(10)

    def send(self, event: Event) -> None:
        assert self.connection is not None
        with self.connection.makefile("wb") as file:
            write_event(event, file)

    def say(self, pcm: Pcm) -> None:
        for start in range(0, len(pcm), 1024):
            self.send(AudioChunk(**FORM, audio=pcm[start : start + 1024].tobytes()).event())

    def hang_up(self) -> None:
        assert self.connection is not None
        self.connection.close()

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.server.close()


@pytest.fixture
def microphone() -> Iterator[Microphone]:
    made = Microphone()
    yield made
    made.close()


def test_a_service_that_sends_sound_is_heard_bit_for_bit(microphone: Microphone) -> None:
    with open_source(f"tcp:127.0.0.1:{microphone.port}", conditioning=Conditioning.off()) as source:
        microphone.welcome()
        microphone.send(AudioStart(**FORM).event())
        microphone.say(PCM)
        microphone.send(AudioStop().event())
        np.testing.assert_array_equal(loud(iter(source), 30), PCM)
        assert (source.state, source.dropped_hops) == ("listening", 0)
        microphone.send(Ping("still there?").event())
        assert microphone.connection is not None
        with microphone.connection.makefile("rb") as file:
            answer = read_event(file)
        assert answer is not None
        assert Pong.from_event(answer).text == "still there?"


def test_a_service_that_goes_away_leaves_silence_and_is_found_again(microphone: Microphone) -> None:
    with WyomingClient(f":{microphone.port}") as source:
        frames = iter(source)
        microphone.welcome()
        microphone.say(PCM)
        loud(frames, 30)
        microphone.close()
        silent_until(frames, source, "silent: ")
        began_ns = time.monotonic_ns()
        assert not any(next(frames).pcm.any() for _ in range(50))
        assert (time.monotonic_ns() - began_ns) / 1e6 == pytest.approx(500, abs=150)
        again = Microphone(microphone.port)
        returned_s = time.monotonic()
        again.welcome()
        again.say(PCM)
        np.testing.assert_array_equal(loud(frames, 30), PCM)
        assert time.monotonic() - returned_s < 2.5
        assert (source.state, source.reconnects) == ("listening", 1)
        again.close()


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b'{"type": "audio-chunk", "payload_length": 99999999999}\n',
        b'{"type": "audio-chunk", "data": {"rate": 0, "width": 2, "channels": 1}, "payload_length": 2}\n\0\0',
        b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 9, "channels": 1}}\n',
        b"\xff" * 100_000,
    ],
)
def test_a_service_that_speaks_something_else_is_left_and_tried_again(
    microphone: Microphone, said: bytes
) -> None:
    with WyomingClient(f"127.0.0.1:{microphone.port}") as source:
        frames = iter(source)
        microphone.welcome()
        assert microphone.connection is not None
        microphone.connection.sendall(said)
        silent_until(frames, source, "silent: ")
        microphone.welcome()
        microphone.say(PCM)
        np.testing.assert_array_equal(loud(frames, 30), PCM)


def test_a_flood_is_bounded_and_counted(microphone: Microphone) -> None:
    with WyomingClient(f"127.0.0.1:{microphone.port}") as source:
        microphone.welcome()
        microphone.say(np.ones(16_000 * 20, np.int16))
        frames = iter(source)
        before = 0
        end_s = time.monotonic() + 10
        while source.dropped_hops < 1400 and time.monotonic() < end_s:
            before = next(frames).index
        assert source.dropped_hops >= 1400
        assert next(frames).index > before


def test_an_address_without_a_service_is_one_line(microphone: Microphone) -> None:
    microphone.close()
    with pytest.raises(DeviceError, match=rf"tcp:127.0.0.1:{microphone.port}: cannot be reached"):
        open_source(f"tcp:127.0.0.1:{microphone.port}")
    with WyomingClient(f"127.0.0.1:{microphone.port}", patient=True) as source:
        frames = iter(source)
        assert not any(next(frames).pcm.any() for _ in range(3))
        again = Microphone(microphone.port)
        again.welcome()
        again.say(PCM)
        loud(frames, 30)
        again.close()


@pytest.mark.parametrize(
    "spec",
    [
        "tcp:",
        "tcp:host",
        "tcp:host:",
        "tcp:host:0",
        "tcp:h:70000",
        "tcp:::1:5",
        "tcp:a..b:5",
        "tcp-listen:x:y",
        "tcp:h:-1",
        "tcp:h:٣",
    ],
)
def test_a_place_that_is_none_shows_the_form(spec: str) -> None:
    with pytest.raises(InputError, match=r"^tcp(-listen)?:"):
        open_source(spec)


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
    # Three seconds, sent at once: more than the queue takes.
    pcm = np.tile(PCM, 10)
    answers: list[str] = []
    satellite = threading.Thread(target=lambda: answers.extend(speak(service.port, pcm)))
    frames = iter(service)
    satellite.start()
    heard = [frame for frame in (next(frames) for _ in range(320)) if frame.pcm.any()]
    satellite.join(10)
    np.testing.assert_array_equal(np.concatenate([frame.pcm for frame in heard]), pcm)
    # Without a hole, one hop every 10 ms.
    assert [frame.index - heard[0].index for frame in heard] == list(range(300))
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
        for talk in talks[MOST_CONNECTIONS:]:
            talk.settimeout(5)
            assert talk.recv(1) == b""
        for talk in talks[:MOST_CONNECTIONS]:
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


def test_it_listens_on_this_machine_alone_unless_told_otherwise() -> None:
    with WyomingService("0", patient=False) as service:
        assert service.description == f"Wyoming sound service at 127.0.0.1:{service.port}"
        with pytest.raises(DeviceError, match="cannot listen there"):
            WyomingService(f":{service.port}")
