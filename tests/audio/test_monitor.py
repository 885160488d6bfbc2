"""What the machine plays, through a real PulseAudio: heard, refused, lost and found again."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mandible.device.audio import WavWriter, open_source
from mandible.device.audio.conditioner import Conditioning
from mandible.device.audio.monitor import MonitorSource
from mandible.device.audio.sound_server import Sink, choose_sink, sinks_played_to
from mandible.device.frames import Frame, Pcm
from mandible.errors import DeviceError
from tests.speaker.two_sinks import TwoSinks

SINKS = [Sink(0, "alsa.hdmi", "TV", "alsa.hdmi.monitor"), Sink(4, "usb", "Desk speaker", "usb.monitor")]


@pytest.fixture
def sinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoSinks]:
    """A sound server that this process talks to."""
    with TwoSinks(tmp_path) as running:
        for name in ("PULSE_SERVER", "PULSE_COOKIE", "XDG_RUNTIME_DIR", "HOME", "ALSA_CONFIG_PATH"):
            monkeypatch.setenv(name, running.environment[name])
        yield running


@pytest.fixture
def sound(tmp_path: Path) -> tuple[Path, Pcm]:
    """Half a second that uses every bit."""
    pcm = np.random.default_rng(7).integers(-32768, 32767, 8000, dtype=np.int16, endpoint=True)
    pcm[0] = 32767
    with WavWriter(tmp_path / "sound.wav") as writer:
        writer.write(pcm)
    return tmp_path / "sound.wav", pcm


def heard_until(frames: Iterator[Frame], loud_hops: int, limit_s: float = 15.0) -> list[Frame]:
    """Listen until so many hops with sound have come."""
    heard: list[Frame] = []
    end_s = time.monotonic() + limit_s
    while sum(bool(frame.pcm.any()) for frame in heard) < loud_hops:
        assert time.monotonic() < end_s, "no sound came"
        heard.append(next(frames))
    return heard


@pytest.mark.parametrize("spec", ["monitor:VSPK", "monitor"])
def test_what_is_played_is_heard_bit_for_bit(sinks: TwoSinks, sound: tuple[Path, Pcm], spec: str) -> None:
    sinks.pactl("set-default-sink", "vspk")
    path, played = sound
    with open_source(spec, conditioning=Conditioning.off()) as source:
        frames = iter(source)
        player = threading.Thread(target=sinks.play, args=(path,))
        player.start()
        heard = heard_until(frames, 50)
        player.join()
        assert (source.state, source.reconnects, source.dropped_hops) == ("listening", 0, 0)
    pcm = np.concatenate([frame.pcm for frame in heard])
    first = int(np.flatnonzero(pcm)[0])
    np.testing.assert_array_equal(pcm[first : first + 7900], played[: len(pcm[first : first + 7900])])
    assert [frame.index for frame in heard] == list(range(heard[0].index, heard[0].index + len(heard)))


def test_silence_bridges_a_restart_of_the_server(sinks: TwoSinks, sound: tuple[Path, Pcm]) -> None:
    with MonitorSource("vspk") as source:
        frames = iter(source)
        began_ns = time.monotonic_ns()
        next(frames)
        back_ns: list[int] = []

        def restart() -> None:
            sinks.restart()
            back_ns.append(time.monotonic_ns())

        restarting = threading.Thread(target=restart)
        restarting.start()
        count = 1
        while source.reconnects == 0 or not back_ns:
            frame = next(frames)
            count += 1
            assert time.monotonic_ns() - began_ns < 30e9
        restarting.join()
        # Frames never stopped: their number is the time that passed.
        assert frame.index == count - 1
        assert count * 10e6 == pytest.approx(time.monotonic_ns() - began_ns, rel=0.1, abs=3e8)
        assert time.monotonic_ns() - back_ns[0] < 2.5e9
        assert source.state == "listening"
        player = threading.Thread(target=sinks.play, args=(sound[0],))
        player.start()
        heard_until(frames, 40)
        player.join()


def test_an_unknown_sink_lists_the_known_ones(sinks: TwoSinks) -> None:
    with pytest.raises(DeviceError, match=r"no sink is called 'parrot'.*'vspk' \(.*'loud' \(Loudspeaker\)"):
        MonitorSource("parrot")


def test_without_a_sound_server_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'nowhere'}")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DeviceError, match=r"no sound server \(.*\): start PipeWire or PulseAudio"):
        open_source("monitor:")
    with MonitorSource(patient=True) as source:
        frames = iter(source)
        assert not any(next(frames).pcm.any() for _ in range(5))
        assert source.state.startswith("silent: no sound server")


def test_without_its_programs_the_command_that_mends_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DeviceError, match="apt install pulseaudio-utils"):
        MonitorSource()


@pytest.mark.parametrize(
    ("name", "found"),
    [(None, "usb"), ("tv", "alsa.hdmi"), ("USB", "usb"), ("desk", "usb"), ("hdmi", "alsa.hdmi")],
)
def test_a_sink_is_found_by_name_or_description(name: str | None, found: str) -> None:
    assert choose_sink(SINKS, name, "usb").name == found


def test_a_name_that_fits_several_sinks_is_refused() -> None:
    with pytest.raises(DeviceError, match="2 sinks match 'd'"):
        choose_sink(SINKS, "d", None)


def test_a_loudspeaker_of_ours_that_moves_into_the_sink_silences_it_until_it_has_left(
    sinks: TwoSinks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WavWriter(tmp_path / "long.wav") as writer:
        writer.write(np.full(16_000 * 20, 1000, np.int16))
    player = subprocess.Popen(["paplay", "-d", "loud", str(tmp_path / "long.wav")], env=sinks.environment)
    # That program stands for us: what counts is whose process plays where.
    monkeypatch.setattr("mandible.device.audio.monitor.os.getpid", lambda: player.pid)
    monkeypatch.setattr("mandible.device.audio.monitor.LOOK_S", 0.1)
    try:
        until(lambda: len(sinks_played_to(player.pid)) == 1)
        with MonitorSource("vspk") as source:
            source.avoid_own_playback()
            frames = iter(source)
            stream = sinks.pactl("list", "short", "sink-inputs").split()[0]
            sinks.pactl("move-sink-input", stream, "vspk")
            heard = [next(frames)]
            while not source.state.startswith("silent: monitor:vspk: the loudspeaker plays into"):
                heard.append(next(frames))
                assert len(heard) < 1000
            with pytest.raises(DeviceError, match="module-null-sink"):
                source.avoid_own_playback()
            sinks.pactl("move-sink-input", stream, "loud")
            while source.state != "listening":
                heard.append(next(frames))
                assert len(heard) < 2000
    finally:
        player.kill()
        player.wait()


def test_a_server_that_is_slow_to_tell_who_plays_makes_nobody_deaf(
    sinks: TwoSinks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = shutil.which("pactl"), tmp_path / "asked"
    programs = tmp_path / "programs"
    programs.mkdir()
    slow = programs / "pactl"
    slow.write_text(
        f'#!/bin/sh\n[ "$2" = sink-inputs ] && [ -e {asked} ] && echo >> {asked} && exec sleep 60\n'
        f'exec {real} "$@"\n'
    )
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr("mandible.device.audio.monitor.LOOK_S", 0.1)
    with WavWriter(tmp_path / "long.wav") as writer:
        writer.write(np.full(16_000 * 20, 1000, np.int16))
    with MonitorSource("vspk") as source, sinks.playing(tmp_path / "long.wav"):
        source.avoid_own_playback()
        frames = iter(source)
        heard_until(frames, 20)
        asked.touch()
        while not asked.stat().st_size:
            next(frames)
        assert sum(bool(next(frames).pcm.any()) for _ in range(100)) >= 90


def until(holds: Callable[[], bool], limit_s: float = 10.0) -> None:
    """Wait for another program."""
    end_s = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end_s
