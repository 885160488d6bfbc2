"""Microphones by name, at any rate, with every loss counted; the device is a stand-in."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mandible.device.audio import microphone as module
from mandible.device.audio import open_source, portaudio
from mandible.device.audio.microphone import RING_BLOCKS
from mandible.device.audio.portaudio import silent_libraries
from mandible.errors import DeviceError
from tests.audio.fake_pyaudio import FakePyAudio

TWO = [{"name": "USB Audio: - (hw:1,0)"}, {"name": "speaker", "inputs": 0}, {"name": "Built-in"}]

Install = Callable[..., FakePyAudio]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a stand-in with the given devices where PyAudio would be."""

    def put(devices: list[dict[str, Any]], default: str | None = None) -> FakePyAudio:
        fake = FakePyAudio(devices, default)
        monkeypatch.setitem(sys.modules, "pyaudio", fake)
        monkeypatch.setattr(portaudio, "_alsa_has_devices", lambda: True)
        return fake

    return put


def block(value: int, samples: int = 160) -> bytes:
    return np.full(samples, value, "<i2").tobytes()


def test_the_default_microphone(install: Install) -> None:
    fake = install(TWO, default="Built-in")
    with open_source("mic") as source:
        assert source.header["source"] == "mic:Built-in"
        assert source.duration_s is None
    assert fake.terminated


@pytest.mark.parametrize("name", ["USB Audio: - (hw:1,0)", "usb audio", "hw:1,0"])
def test_a_microphone_is_chosen_by_name_or_part_of_it(install: Install, name: str) -> None:
    install(TWO, default="Built-in")
    with open_source(f"mic:{name}") as source:
        assert source.header["source"] == "mic:USB Audio: - (hw:1,0)"


def test_a_whole_name_beats_a_part(install: Install) -> None:
    install([{"name": "webcam pro"}, {"name": "webcam"}])
    with open_source("mic:webcam") as source:
        assert source.header["source"] == "mic:webcam"


@pytest.mark.parametrize(
    ("devices", "spec", "told"),
    [
        ([], "mic", "no microphone found"),
        ([{"name": "speaker", "inputs": 0}], "mic", "no microphone found"),
        (
            TWO,
            "mic",
            "no default microphone is set: give mic:NAME with one of 'USB Audio: - (hw:1,0)', 'Built-in'",
        ),
        (TWO, "mic:parrot", "no microphone is called 'parrot': give mic:NAME with one of 'USB Audio"),
        (TWO, "mic:speaker", "no microphone is called 'speaker'"),
        ([{"name": "cam 1"}, {"name": "cam 2"}], "mic:cam", "2 microphones match 'cam'"),
        ([{"name": "odd", "takes": set()}], "mic:odd", "neither 16000 Hz nor its own 44100 Hz"),
    ],
)
def test_what_cannot_be_opened_is_listed_and_released(
    install: Install, devices: list[dict[str, Any]], spec: str, told: str
) -> None:
    fake = install(devices)
    with pytest.raises(DeviceError) as caught:
        open_source(spec)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3
    assert fake.terminated


def test_a_busy_microphone_is_said(install: Install) -> None:
    install([{"name": "cam", "busy": True}])
    with open_source("mic:cam") as source, pytest.raises(DeviceError, match="another program may hold it"):
        next(iter(source))


def test_missing_pyaudio_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    with pytest.raises(DeviceError, match="pip install PyAudio"):
        open_source("mic")


def test_blocks_become_frames_stamped_by_the_callback(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = install([{"name": "cam"}])
    clock_ns = iter([1_000, 2_000])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic_ns=lambda: next(clock_ns)))
    with open_source("mic:cam") as source:
        frames = capturing(source, fake)
        fake.deliver(block(7))
        fake.deliver(block(-8))
        first, second = next(frames), next(frames)
    assert (first.index, first.captured_ns, set(first.pcm)) == (0, 1_000, {7})
    assert (second.index, second.captured_ns, set(second.pcm)) == (1, 2_000, {-8})
    assert fake.opened["rate"] == 16_000
    assert fake.opened["frames_per_buffer"] == 160
    assert fake.stream_closed


def test_a_slow_consumer_loses_the_oldest_and_sees_the_gap(install: Install) -> None:
    fake = install([{"name": "cam"}])
    with open_source("mic:cam") as source:
        frames = capturing(source, fake)
        for number in range(RING_BLOCKS + 5):
            fake.deliver(block(number))
        frame = next(frames)
        assert frame.index == 5
        assert frame.pcm[0] == 5
        assert next(frames).index == 6
        assert source.dropped_hops == 5


def test_overflows_the_driver_reports_are_counted(install: Install) -> None:
    fake = install([{"name": "cam"}])
    with open_source("mic:cam") as source:
        frames = capturing(source, fake)
        fake.deliver(block(1), status=fake.paInputOverflow)
        next(frames)
        assert source.dropped_hops == 1


def test_a_stereo_48_khz_microphone_is_mixed_and_resampled(install: Install) -> None:
    fake = install([{"name": "cam", "inputs": 2, "default_rate_hz": 48_000, "takes": {(48_000, 2)}}])
    with open_source("mic:cam") as source:
        assert source.header["conditioning"] == [
            "2 channels averaged to mono",
            "resampled from 48000 Hz (soxr HQ)",
        ]
        frames = capturing(source, fake)
        assert fake.opened["frames_per_buffer"] == 480
        for _ in range(40):
            fake.deliver(np.tile(np.array([1000, 3000], "<i2"), 480).tobytes())
        heard = [next(frames) for _ in range(20)]
    assert [frame.index for frame in heard] == list(range(20))
    assert set(heard[-1].pcm) <= {1999, 2000, 2001}


def test_a_resampled_hop_is_stamped_with_its_own_time(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = install([{"name": "cam", "default_rate_hz": 48_000, "takes": {(48_000, 1)}}])
    ticks = iter(range(10_000_000, 10_000_000_000, 10_000_000))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic_ns=lambda: next(ticks)))
    with open_source("mic:cam") as source:
        frames = capturing(source, fake)
        for _ in range(40):
            fake.deliver(block(0, 480))
        stamps_ns = [next(frames).captured_ns for _ in range(20)]
    assert stamps_ns == [(hop + 1) * 10_000_000 for hop in range(20)]


def test_a_microphone_that_goes_silent_is_an_error(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install([{"name": "cam"}])
    monkeypatch.setattr(module, "SILENCE_LIMIT_S", 0.01)
    with open_source("mic:cam") as source, pytest.raises(DeviceError, match="unplugged"):
        next(iter(source))


def test_closing_ends_the_iteration(install: Install) -> None:
    fake = install([{"name": "cam"}])
    source = open_source("mic:cam")
    frames = capturing(source, fake)
    ended = threading.Event()

    def listen() -> None:
        list(frames)
        ended.set()

    waiter = threading.Thread(target=listen)
    waiter.start()
    source.close()
    source.close()
    assert ended.wait(10)
    waiter.join()


def test_libraries_that_chatter_are_not_heard(capfd: pytest.CaptureFixture[str]) -> None:
    with silent_libraries():
        os.write(2, b"ALSA lib confmisc.c: nobody wants to know\n")
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"


def capturing(source: Any, fake: FakePyAudio) -> Any:
    """The source's frames, with the stream already open: the first block starts it."""
    source.start()
    assert fake.opened
    return iter(source)
