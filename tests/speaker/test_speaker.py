"""The delayed voice, through PortAudio, ALSA and a real sound server, recorded where it comes out."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.device.audio import WavWriter
from mandible.device.frames import HOP_SAMPLES, Pcm
from mandible.device.speaker import Speaker
from mandible.errors import InputError
from tests.speaker.two_sinks import LOUD, Recorder, TwoSinks
from tests.virtual.live_run import LiveRun, wait_for

SECONDS = 0.6
LIMIT_S = 20.0


@pytest.fixture
def sound(tmp_path: Path) -> tuple[Path, Pcm]:
    """Noise, so that every hop is like no other."""
    pcm = np.random.default_rng(3).integers(-20_000, 20_000, int(16_000 * SECONDS)).astype(np.int16)
    with WavWriter(tmp_path / "sound.wav") as writer:
        writer.write(pcm)
    return tmp_path / "sound.wav", pcm


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[TwoSinks]:
    with TwoSinks(tmp_path) as running:
        yield running


def speaking(sinks: TwoSinks, path: Path, delay_ms: float, longer_s: float = 0.0) -> subprocess.Popen[str]:
    """Start the process that speaks."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.speaker.speaking", str(path), LOUD, str(delay_ms), str(longer_s)],
        env=sinks.environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def places(heard: Pcm, said: Pcm) -> dict[int, int]:
    """Where each hop of ``said`` is found in ``heard``, bit for bit."""
    found = {}
    for hop in range(len(said) // HOP_SAMPLES):
        wanted = said[hop * HOP_SAMPLES : (hop + 1) * HOP_SAMPLES]
        for place in np.flatnonzero(heard[: -HOP_SAMPLES + 1] == wanted[0]):
            if np.array_equal(heard[place : place + HOP_SAMPLES], wanted):
                found[hop] = int(place)
    return found


def delay_heard(sinks: TwoSinks, sound: tuple[Path, Pcm], delay_ms: float) -> tuple[float, dict[str, Any]]:
    """Median time in ms from capture to sound, and the speaker's last status."""
    path, said = sound
    with Recorder(sinks) as recorder:
        process = speaking(sinks, path, delay_ms, longer_s=0.5)
        recorder.read_while(lambda: process.poll() is None)
        output = process.communicate(timeout=20)[0].splitlines()
        assert process.returncode == 0
    start_ns, status = json.loads(output[0])["start_ns"], json.loads(output[-1])
    found = places(recorder.samples(), said)
    # Bit for bit, but for the hops that were corrected (each spoils itself alone).
    assert len(found) >= len(said) // HOP_SAMPLES - status["corrections"] - 2
    late_ms = [
        (recorder.start_ns + place * 62_500 - start_ns) / 1e6 - 10 * hop for hop, place in found.items()
    ]
    assert max(late_ms) - min(late_ms) < 5
    return float(np.median(late_ms)), status


def test_the_voice_comes_out_bit_for_bit_and_late_by_what_was_asked(
    sinks: TwoSinks, sound: tuple[Path, Pcm]
) -> None:
    heard_ms = {}
    for delay_ms in (120, 250):
        heard_ms[delay_ms], status = delay_heard(sinks, sound, delay_ms)
        assert (status["state"], status["underruns"], status["leaps"]) == ("playing", 0, 0)
        assert status["held_ms"] == pytest.approx(delay_ms, abs=3)
    # How long the server takes from asking for a sample to its recording is its own; it is the same twice.
    assert heard_ms[250] - heard_ms[120] == pytest.approx(130, abs=5)
    assert heard_ms[250] == pytest.approx(250, abs=35)


def test_a_sound_server_that_hangs_holds_nothing_up_and_is_played_to_again(
    sinks: TwoSinks, sound: tuple[Path, Pcm]
) -> None:
    process = speaking(sinks, sound[0], 150, longer_s=30.0)
    assert process.stdout is not None
    hanging: list[dict[str, Any]] = []
    try:
        process.stdout.readline()
        statuses = (json.loads(line) for line in process.stdout)
        status = next(status for status in statuses if status["held_ms"] is not None)
        sinks.stop()
        # Closing the device hangs as long as the server does; two statuses are a fifth of a second.
        hanging += [next(status for status in statuses if status["state"] != "playing")]
        hanging += [next(statuses), next(statuses)]
        sinks.go_on()
        status = next(status for status in statuses if status["held_ms"] is not None)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        sinks.go_on()
    assert [(one["state"], one["held_ms"], one["error_kept"]) for one in hanging] == [
        (f"silent: {LOUD} takes no more sound", None, True)
    ] * 3
    assert (status["state"], status["reconnects"], status["error_kept"]) == ("playing", 1, True)
    assert status["held_ms"] == pytest.approx(150, abs=30)
    assert status["slowest_write_ms"] < 20


@pytest.mark.full
def test_a_loudspeaker_that_is_lost_never_holds_up_the_line_and_comes_back(
    sinks: TwoSinks, sound: tuple[Path, Pcm]
) -> None:
    path, _ = sound
    process = speaking(sinks, path, 150, longer_s=4.0)
    assert process.stdout is not None
    restarted = threading.Thread(target=sinks.restart, args=(1.0,))
    seen: list[dict[str, Any]] = []
    try:
        assert "start_ns" in process.stdout.readline()
        for line in process.stdout:
            seen.append(json.loads(line))
            if len(seen) == 10:
                restarted.start()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        restarted.join()
    assert any(status["state"].startswith("silent: ") for status in seen)
    assert (seen[-1]["state"], seen[-1]["reconnects"] >= 1) == ("playing", True)
    assert seen[-1]["held_ms"] == pytest.approx(150, abs=5)
    assert max(status["slowest_write_ms"] for status in seen) < 20


def mandible(sinks: TwoSinks, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mandible.cli.main", *words],
        env=sinks.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_listening_to_the_sink_that_we_play_to_is_refused_in_one_line(sinks: TwoSinks) -> None:
    ended = mandible(sinks, "run", "--source", f"monitor:{LOUD}", "--speaker", LOUD, "--duration", "2")
    assert ended.returncode == 3
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"mandible: monitor:{LOUD}: the loudspeaker plays into the sink")
    assert "module-null-sink" in line


def test_a_voice_in_a_null_sink_is_heard_from_the_loudspeaker(
    sinks: TwoSinks, sound: tuple[Path, Pcm]
) -> None:
    path, said = sound
    words = ("--source", "monitor:vspk", "--speaker", LOUD, "--gain", "off", "--high-pass", "off")
    with Recorder(sinks) as recorder, LiveRun(*words, environment=sinks.environment) as run:
        wait_for(lambda: bool(sinks.pactl("list", "short", "sink-inputs")), LIMIT_S, "it plays")
        # Not before the loudspeaker's pace has been learnt.
        player = threading.Timer(0.5, sinks.play, args=(path,))
        player.start()
        recorder.read_while(player.is_alive)
        # What is held back by the delay and the server, and as much again if it were fed back.
        recorder.read_until(time.monotonic_ns() + 700_000_000)
        run.stop()
    heard = recorder.samples()
    # It comes once: nothing is fed back.
    first = int(np.flatnonzero(heard)[0])
    assert np.count_nonzero(heard) == pytest.approx(len(said), rel=0.02)
    assert np.count_nonzero(heard[first : first + len(said) + 1600]) == np.count_nonzero(heard)


def test_an_unknown_loudspeaker_lists_the_known_ones(sinks: TwoSinks, sound: tuple[Path, Pcm]) -> None:
    ended = mandible(sinks, "play", str(sound[0]), "--speaker", "parrot")
    assert ended.returncode == 3
    # Nothing of what the sound libraries have to say is among it.
    assert ended.stderr == (
        "mandible: no loudspeaker is called 'parrot': give --speaker with one of 'loud', 'default'\n"
    )


@pytest.mark.parametrize("delay_ms", [-1, 2001, float("nan")])
def test_a_delay_out_of_range_is_refused(delay_ms: float) -> None:
    with pytest.raises(InputError, match="give 0 to 2000"):
        Speaker(None, delay_ms)
