"""``mandible play``: the sound and the mouth, both measured where they come out."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.api import bake, build_line
from mandible.benchmarks.board_clock import board_zero_ns
from mandible.device.frames import HOP_MS
from mandible.device.pipeline import HALF_HOP_MS
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.virtual_process import VirtualProcess
from tests.speaker.two_sinks import LOUD, Recorder, TwoSinks

SAMPLE = Path(__file__).parents[2] / "samples" / "puppet.wav"
RIG = "skull"
SECONDS = 2


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[TwoSinks]:
    with TwoSinks(tmp_path, rate_hz=22_050, channels=2) as running:
        # As much lies with the server as PortAudio asks for.
        del running.environment["PULSE_LATENCY_MSEC"]
        yield running


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """The beginning of the sample, at another rate and in stereo."""
    import soxr

    with wave.open(str(SAMPLE)) as file:
        mono = np.frombuffer(file.readframes(SECONDS * 16_000), "<i2")
    left = soxr.resample(mono, 16_000, 22_050)
    path = tmp_path / "said.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(22_050)
        file.writeframes(np.column_stack([left, left // 2]).astype("<i2").tobytes())
    return path


@dataclass
class Played:
    """What came of a performance: the sound, where it begins, and the jaw's pulses on the same clock (s)."""

    heard: np.ndarray[Any, np.dtype[np.int16]]
    sound_ns: float
    pulse_s: np.ndarray[Any, np.dtype[np.float64]]
    pulse_us: np.ndarray[Any, np.dtype[np.int64]]
    summary: dict[str, Any]


def perform(sinks: TwoSinks, recording: Path, folder: Path, lead_ms: int = 0, gain_db: int = 0) -> Played:
    """Play a recording on the loudspeaker and a virtual board, and measure both."""
    options = ("--lead-ms", str(lead_ms), "--gain-db", str(gain_db))
    log = folder / "pulses.csv"
    started_ns = time.monotonic_ns()
    board = VirtualProcess("--pulses", str(log))
    try:
        url = f"virtual:{board.path}"
        with Recorder(sinks, rate_hz=22_050, channels=2) as recorder:
            words = ["play", str(recording), "--rig", RIG, "--port", url, "--speaker", LOUD, "--json"]
            process = subprocess.Popen(
                [sys.executable, "-m", "mandible.cli.main", *words, *options],
                env=sinks.environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            recorder.read_while(lambda: process.poll() is None)
            printed = process.communicate(timeout=30)[0]
            assert process.returncode == 0
        zero_ns = board_zero_ns(url, Rig.load(RIG), started_ns)
    finally:
        board.end()
    heard = recorder.samples()
    with wave.open(str(recording)) as file:
        said = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    said = np.rint(said * 10 ** (gain_db / 20)).astype(np.int16)
    loud = int(np.argmax(np.abs(said[:, 0]) > 2000))
    candidates = np.flatnonzero((heard[:-400, 0] == said[loud, 0]) & (heard[:-400, 1] == said[loud, 1]))
    (first,) = [c for c in candidates if np.array_equal(heard[c : c + 400], said[loud : loud + 400])]
    begins = int(first) - loud
    with log.open() as rows:
        jaw = [(float(row["time_s"]), int(row["pulse_us"])) for row in csv.DictReader(rows)]
    sound_ns = recorder.start_ns + begins / 22_050 * 1e9
    pulse_s, pulse_us = np.array([s for s, _ in jaw]), np.array([us for _, us in jaw])
    return Played(
        heard[begins : begins + len(said)],
        sound_ns,
        pulse_s + (zero_ns - sound_ns) / 1e9,
        pulse_us,
        json.loads(printed),
    )


def mouth_after_sound_ms(played: Played, recording: Path) -> float:
    """How much later than the sound they speak for the pulses came, by best agreement with baked ones."""
    rig = Rig.load(RIG)
    late_ms = build_line(rig=rig).delay_ms - HALF_HOP_MS
    frames = bake(recording, rig=rig)
    spoken_s = np.array([(frame.index + 1) * HOP_MS - late_ms for frame in frames]) / 1000
    baked_us = np.array([frame.pulses_us[0] for frame in frames if frame.pulses_us is not None], float)
    shifts_ms = np.arange(-150, 151)
    inside = (played.pulse_s > 0.2) & (played.pulse_s < SECONDS - 0.2)
    fit = [
        np.corrcoef(
            played.pulse_us[inside], np.interp(played.pulse_s[inside] - shift / 1000, spoken_s, baked_us)
        )[0, 1]
        for shift in shifts_ms
    ]
    assert max(fit) > 0.95
    return float(shifts_ms[int(np.argmax(fit))])


def test_mouth_and_sound_come_together_and_the_sound_is_the_recording(
    sinks: TwoSinks, recording: Path, tmp_path: Path
) -> None:
    played = perform(sinks, recording, tmp_path)
    with wave.open(str(recording)) as file:
        said = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    different = np.flatnonzero((played.heard != said[: len(played.heard)]).any(axis=1))
    assert (len(played.heard), different.tolist()) == (len(said), [])
    assert played.summary["underruns"] == 0
    assert 0 < played.summary["compute_ms"]["p50"] < 100
    assert {"front_end", "engine", "decoder", "motion"} <= set(played.summary["stages_ms"])
    assert (played.summary["speaker"]["rate_hz"], played.summary["speaker"]["channels"]) == (22_050, 2)
    # The sound server tells the time of its null sink to some 15 ms only.
    assert mouth_after_sound_ms(played, recording) == pytest.approx(0, abs=30)


@pytest.mark.full
def test_the_mouth_leads_by_what_was_asked(sinks: TwoSinks, recording: Path, tmp_path: Path) -> None:
    played = perform(sinks, recording, tmp_path, lead_ms=100, gain_db=-6)
    assert mouth_after_sound_ms(played, recording) == pytest.approx(-100, abs=30)


@pytest.mark.full
def test_a_lost_loudspeaker_holds_up_sound_and_mouth_and_both_go_on(
    sinks: TwoSinks, recording: Path, tmp_path: Path
) -> None:
    restart = threading.Timer(2.0, sinks.restart, args=(1.0,))
    restart.start()
    began_s = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "mandible.cli.main", "play", str(recording), "--port", "fake:", "--json"],
        env=sinks.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    restart.join()
    assert ended.returncode == 0
    summary = json.loads(ended.stdout.splitlines()[-1])
    assert (summary["speaker"]["state"], summary["speaker"]["reconnects"]) == ("playing", 1)
    assert time.monotonic() - began_s > SECONDS + 1.0


def test_ctrl_c_parks_the_mouth(sinks: TwoSinks, recording: Path, tmp_path: Path) -> None:
    log = tmp_path / "pulses.csv"
    board = VirtualProcess("--pulses", str(log))
    try:
        words = ["play", str(recording), "--port", f"virtual:{board.path}", "--speaker", LOUD, "--json"]
        process = subprocess.Popen(
            [sys.executable, "-m", "mandible.cli.main", *words],
            env=sinks.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        end_s = time.monotonic() + 20
        # Until the jaw has been in some places.
        while len({line.rpartition(",")[2] for line in log.read_text().splitlines()}) < 8:
            assert time.monotonic() < end_s
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stdout is not None
        process.stdout.close()
        assert log.read_text().splitlines()[-1].endswith(",0,1250")
    finally:
        board.end()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lead-ms", "5000"], "--lead-ms 5000: give -1000 to 1000"),
        (["--gain-db", "nan"], "--gain-db nan: give -60 to 20"),
        (["--port", "none:x"], "--port none:x: this form is not known; write none:"),
    ],
)
def test_wrong_options_are_one_line(recording: Path, words: list[str], said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "mandible.cli.main", "play", str(recording), *words],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (2, f"mandible: {said}\n")
