"""What a microphone hears live is what its recording bakes to, byte for byte."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.cli.command import COMMAND, SAMPLE, succeed
from tests.virtual.microphone.pulse import VirtualMicrophone

START_LIMIT_S = 60
WAV_HEADER_BYTES = 44
ON_ITS_WAY_BYTES = 2 * 16000 // 2


def samples_of(path: Path) -> np.ndarray:
    with wave.open(str(path)) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), np.int16)


@pytest.mark.parametrize("conditioning", ["off", "auto"])
def test_live_microphone_equals_bake_of_its_recording(tmp_path: Path, conditioning: str) -> None:
    card, out = tmp_path / "card", tmp_path / "out"
    card.mkdir()
    out.mkdir()
    heard, live, baked = out / "heard.wav", out / "live.csv", out / "baked.csv"
    with VirtualMicrophone(card) as microphone:
        words = ["run", "--source", f"mic:{microphone.name}", "--record", heard, "-o", live, "--json"]
        if conditioning == "off":
            words += ["--gain", "off", "--high-pass", "off"]
        listening = subprocess.Popen(
            [*COMMAND, *map(str, words)],
            env=microphone.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            wait_until_recorded(out, listening, 1)
            microphone.play(SAMPLE)
            # What was played may still be on its way through the sound server.
            wait_until_recorded(out, listening, recorded_bytes(out) + ON_ITS_WAY_BYTES)
            listening.send_signal(signal.SIGINT)
            report, complaints = listening.communicate(timeout=30)
        finally:
            listening.kill()
            listening.wait()
    assert listening.returncode == 0, complaints.decode()
    assert json.loads(report)["dropped_hops"] == 0
    succeed("bake", heard, "-o", baked)
    assert baked.read_bytes() == live.read_bytes()
    if conditioning == "auto":
        return  # a recording holds what the line heard
    spoken, captured = samples_of(SAMPLE), samples_of(heard)
    # The sample was really heard, every bit of it, somewhere in the recording.
    start = int(np.flatnonzero(captured)[0]) - int(np.flatnonzero(spoken)[0])
    np.testing.assert_array_equal(captured[start : start + len(spoken)], spoken)


def recorded_bytes(folder: Path) -> int:
    """Size of the recording, which is the largest file of its folder."""
    return max((path.stat().st_size for path in folder.iterdir()), default=0)


def wait_until_recorded(folder: Path, listening: subprocess.Popen[bytes], count: int) -> None:
    """Return once that many bytes are in the recording."""
    deadline = time.monotonic() + START_LIMIT_S
    while listening.poll() is None and time.monotonic() < deadline:
        if recorded_bytes(folder) >= WAV_HEADER_BYTES + count:
            return
        time.sleep(0.02)
    raise AssertionError("the recording does not grow")
