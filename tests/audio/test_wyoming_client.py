"""A Wyoming service that sends sound, played by the real wyoming package; and services that misbehave."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event, read_event, write_event
from wyoming.ping import Ping, Pong

from mandible.device.audio import open_source
from mandible.device.audio.conditioner import Conditioning
from mandible.device.audio.wyoming_client import WyomingClient
from mandible.device.frames import Frame, Pcm
from mandible.errors import DeviceError, InputError
from tests.audio.wyoming_speech import FORM, PCM, loud
from tests.wall_clock import no_wait_by_the_wall_clock


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


def test_a_wall_clock_that_is_set_back_holds_nothing_up(
    microphone: Microphone, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_wait_by_the_wall_clock(monkeypatch)
    with WyomingClient(f":{microphone.port}") as source:
        frames = iter(source)
        microphone.welcome()
        microphone.say(PCM)
        np.testing.assert_array_equal(loud(frames, 30), PCM)
        # Longer than the patience with a late hop.
        assert not any(next(frames).pcm.any() for _ in range(20))
        microphone.hang_up()
        silent_until(frames, source, "silent: ")
        microphone.welcome()
        microphone.say(PCM)
        np.testing.assert_array_equal(loud(frames, 30), PCM)
        assert source.reconnects == 1
