"""What a microphone hears live is what its recording bakes to, byte for byte."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import wave
from pathlib import Path

import numpy as np

from tests.cli.command import COMMAND, SAMPLE, succeed
from tests.virtual.microphone.pulse import VirtualMicrophone

START_LIMIT_S = 60


def samples_of(path: Path) -> np.ndarray:
    with wave.open(str(path)) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), np.int16)


def test_live_microphone_equals_bake_of_its_recording(tmp_path: Path) -> None:
    card, out = tmp_path / "card", tmp_path / "out"
    card.mkdir()
    out.mkdir()
    heard, live, baked = out / "heard.wav", out / "live.csv", out / "baked.csv"
    with VirtualMicrophone(card) as microphone:
        words = ["run", "--source", f"mic:{microphone.name}", "--record", heard, "-o", live, "--json"]
        listening = subprocess.Popen(
            [*COMMAND, *map(str, words)],
            env=microphone.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            wait_until_recording(out, listening)
            microphone.play(SAMPLE)
            listening.send_signal(signal.SIGINT)
            report, complaints = listening.communicate(timeout=30)
        finally:
            listening.kill()
            listening.wait()
    assert listening.returncode == 0, complaints.decode()
    assert json.loads(report)["dropped_hops"] == 0
    succeed("bake", heard, "-o", baked)
    assert baked.read_bytes() == live.read_bytes()
    spoken, captured = samples_of(SAMPLE), samples_of(heard)
    # The sample was really heard, every bit of it, somewhere in the recording.
    start = int(np.flatnonzero(captured)[0]) - int(np.flatnonzero(spoken)[0])
    np.testing.assert_array_equal(captured[start : start + len(spoken)], spoken)


def wait_until_recording(folder: Path, listening: subprocess.Popen[bytes]) -> None:
    """Return once a file with more than a WAV header in it grows in the folder."""
    deadline = time.monotonic() + START_LIMIT_S
    while listening.poll() is None and time.monotonic() < deadline:
        if any(path.stat().st_size > 44 for path in folder.iterdir()):
            return
        time.sleep(0.02)
    raise AssertionError("the recording did not begin")
