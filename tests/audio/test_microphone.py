"""Microphones by name, at any rate, with every loss counted.

Everything is real but PortAudio itself, for which a stand-in is put into the capture process: no unplugging,
and no library that hangs or aborts, can be had here on demand. ``tests/virtual/microphone`` has the real one.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import pytest

from mandible.device.audio import is_live, open_source
from mandible.device.audio.conditioner import Conditioning
from mandible.device.audio.microphone import MicrophoneSource
from mandible.device.audio.portaudio import silent_libraries
from mandible.errors import DeviceError
from tests.audio.stand_in.pyaudio import paInputOverflow
from tests.audio.stand_in_sound import StandInSound, block, capturing, until

TWO = [{"name": "USB Audio: - (hw:1,0)"}, {"name": "speaker", "inputs": 0}, {"name": "Built-in"}]
CAM = [{"name": "cam"}]


def test_the_default_microphone(sound: StandInSound) -> None:
    sound.plug(TWO, default="Built-in")
    with open_source("mic") as source:
        assert source.header["source"] == "mic:Built-in"
        assert source.duration_s is None


@pytest.mark.parametrize("name", ["USB Audio: - (hw:1,0)", "usb audio", "hw:1,0"])
def test_a_microphone_is_chosen_by_name_or_part_of_it(sound: StandInSound, name: str) -> None:
    sound.plug(TWO, default="Built-in")
    with open_source(f"mic:{name}") as source:
        assert source.header["source"] == "mic:USB Audio: - (hw:1,0)"


def test_a_whole_name_beats_a_part(sound: StandInSound) -> None:
    sound.plug([{"name": "webcam pro"}, {"name": "webcam"}])
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
        ([{"name": "odd", "takes": []}], "mic:odd", "neither 16000 Hz nor its own 44100 Hz"),
    ],
)
def test_what_cannot_be_opened_is_listed(
    sound: StandInSound, devices: list[dict[str, Any]], spec: str, told: str
) -> None:
    sound.plug(devices)
    with pytest.raises(DeviceError) as caught:
        open_source(spec)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_busy_microphone_is_said(sound: StandInSound) -> None:
    sound.plug([{"name": "cam", "busy": True}])
    with open_source("mic:cam") as source, pytest.raises(DeviceError, match="another program may hold it"):
        next(iter(source))


def test_missing_pyaudio_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    with pytest.raises(DeviceError, match="pip install PyAudio"):
        MicrophoneSource(patient=True)


def test_blocks_become_frames(sound: StandInSound) -> None:
    sound.plug(CAM)
    with MicrophoneSource("cam") as source:
        frames, device = capturing(source, sound)
        assert device.settings["rate"] == 16_000
        assert device.settings["frames_per_buffer"] == 160
        device.deliver(block(7))
        device.deliver(block(-8))
        heard = [next(frames), next(frames)]
        assert [(frame.index, set(frame.pcm)) for frame in heard] == [(0, {7}), (1, {-8})]
        assert source.state == "listening"
        assert source.reconnects == 0


def test_the_callback_never_waits_for_a_consumer_that_is_stuck_and_the_oldest_is_lost(
    sound: StandInSound,
) -> None:
    sound.plug(CAM)
    with MicrophoneSource("cam") as source:
        frames, device = capturing(source, sound)
        took_ns = [device.deliver(block(number)) for number in range(1, 401)]
        # Nobody reads: pipe and ring are full since about the hundredth block. A callback that waited for the
        # reader would never have returned; the bound is wide for a busy computer.
        assert max(took_ns) < 200_000_000
        heard = until(frames, 400)
        indices = [frame.index for frame in heard]
        assert indices == [int(frame.pcm[0]) - 1 for frame in heard]
        assert indices[-100:] == list(range(300, 400))
        assert source.dropped_hops == 400 - len(heard) > 100


def test_overflows_the_driver_reports_are_counted(sound: StandInSound) -> None:
    sound.plug(CAM)
    with MicrophoneSource("cam") as source:
        frames, device = capturing(source, sound)
        device.deliver(block(1), status=paInputOverflow)
        next(frames)
        assert source.dropped_hops == 1


def test_a_stereo_48_khz_microphone_is_mixed_and_resampled(sound: StandInSound) -> None:
    sound.plug([{"name": "cam", "inputs": 2, "default_rate_hz": 48_000, "takes": [(48_000, 2)]}])
    with MicrophoneSource("cam") as source:
        assert source.header["conditioning"] == [
            "2 channels averaged to mono",
            "resampled from 48000 Hz (soxr HQ)",
        ]
        frames, device = capturing(source, sound)
        assert device.settings["frames_per_buffer"] == 480
        for _ in range(40):
            device.deliver((block(1000, 1) + block(3000, 1)) * 480)
        heard = [next(frames) for _ in range(20)]
    assert [frame.index for frame in heard] == list(range(20))
    assert set(heard[-1].pcm) <= {1999, 2000, 2001}


def test_closing_ends_the_iteration(sound: StandInSound) -> None:
    sound.plug(CAM)
    source = MicrophoneSource("cam")
    frames, device = capturing(source, sound)
    device.deliver(block(1))
    next(frames)
    waiter = threading.Thread(target=lambda: list(frames))
    waiter.start()
    source.close()
    source.close()
    waiter.join(20)
    assert not waiter.is_alive()
    device.wait_for_end()


def test_live_sound_is_conditioned_unless_told_otherwise(sound: StandInSound) -> None:
    sound.plug(CAM)
    with open_source("mic:cam") as source:
        assert source.header["conditioning"] == Conditioning().steps
    with open_source("mic:cam", conditioning=Conditioning.off()) as source:
        assert source.header["conditioning"] == []
    live = ["mic", "mic:cam", "monitor:", "tcp:host:1", "tcp-listen:host:1"]
    assert all(map(is_live, live))
    assert not any(map(is_live, ["voice.wav", "-", "cmd:arecord", "microphone.wav"]))


def test_a_closed_microphone_says_so(sound: StandInSound) -> None:
    sound.plug(CAM)
    with MicrophoneSource("cam") as source:
        pass
    with pytest.raises(DeviceError, match="was closed"):
        next(iter(source))


def test_libraries_that_chatter_are_not_heard(capfd: pytest.CaptureFixture[str]) -> None:
    with silent_libraries():
        os.write(2, b"ALSA lib confmisc.c: nobody wants to know\n")
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"
