"""The microphone path, through PortAudio, ALSA and a real sound server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.device.audio import WavWriter, open_source
from mandible.device.frames import Pcm
from tests.virtual.microphone.pulse import NO_DEVICE_CONFIGURATION, VirtualMicrophone

CAPTURE = [sys.executable, "-m", "tests.virtual.microphone.capture"]


def capture(microphone: VirtualMicrophone, spec: str, played: Path, recording: Path) -> dict[str, Any]:
    """Record ``spec`` while ``played`` sounds; return what the capturing process reported."""
    process = subprocess.Popen(
        [*CAPTURE, spec, str(recording)],
        env=microphone.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "listening\n"
        microphone.play(played)
        process.stdin.write("stop\n")
        process.stdin.flush()
        report = process.stdout.readline()
        assert process.wait(30) == 0
        return dict(json.loads(report))
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def recorded(path: Path) -> Pcm:
    """Every sample of a WAV file, as the line would see it."""
    with open_source(str(path)) as source:
        return np.concatenate([frame.pcm for frame in source])


@pytest.fixture
def sound(tmp_path: Path) -> tuple[Path, Pcm]:
    """Two seconds that use every bit, beginning and ending loud."""
    pcm = np.random.default_rng(7).integers(-32768, 32767, 32000, dtype=np.int16, endpoint=True)
    pcm[0], pcm[-1] = 32767, -32768
    path = tmp_path / "sound.wav"
    with WavWriter(path) as writer:
        writer.write(pcm)
    return path, pcm


@pytest.mark.parametrize("spec", ["mic", "mic:VMON"])
def test_what_is_played_is_captured_bit_for_bit(
    virtual_microphone: VirtualMicrophone, sound: tuple[Path, Pcm], tmp_path: Path, spec: str
) -> None:
    path, played = sound
    report = capture(virtual_microphone, spec, path, tmp_path / "captured.wav")
    heard = recorded(tmp_path / "captured.wav")
    first = int(np.flatnonzero(heard)[0])
    np.testing.assert_array_equal(heard[first : first + len(played)], played)
    assert not heard[first + len(played) :].any()
    assert report["dropped_hops"] == 0
    assert report["indices"] == list(range(len(report["indices"])))
    assert report["header"]["sample_rate_hz"] == 16_000
    assert report["header"]["conditioning"] == []


def test_capture_times_follow_the_clock(
    virtual_microphone: VirtualMicrophone, sound: tuple[Path, Pcm], tmp_path: Path
) -> None:
    report = capture(virtual_microphone, "mic", sound[0], tmp_path / "captured.wav")
    stamps_ns = np.array(report["stamps_ns"])
    assert (np.diff(stamps_ns) >= 0).all()
    hop_ms = (stamps_ns[-1] - stamps_ns[0]) / 1e6 / (len(stamps_ns) - 1)
    assert hop_ms == pytest.approx(10, abs=1.5)


def open_in_process(spec: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Open a source as the command line does, and end with the error's exit code."""
    script = (
        "import sys\n"
        "from mandible.device.audio import open_source\n"
        "from mandible.errors import MandibleError\n"
        "try: open_source(sys.argv[1])\n"
        "except MandibleError as error: print(error, file=sys.stderr); sys.exit(error.exit_code)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script, spec], env=environment, capture_output=True, text=True, timeout=60
    )


def test_an_unknown_microphone_lists_the_known_ones(virtual_microphone: VirtualMicrophone) -> None:
    ended = open_in_process("mic:parrot", virtual_microphone.environment)
    assert ended.returncode == 3
    assert ended.stderr.splitlines() == [
        "no microphone is called 'parrot': give mic:NAME with one of 'vmon', 'default'"
    ]


@pytest.mark.parametrize("configuration", [NO_DEVICE_CONFIGURATION, ""])
def test_without_a_sound_card_one_line_says_so(tmp_path: Path, configuration: str) -> None:
    path = tmp_path / "asound.conf"
    path.write_text(configuration)
    quiet = {
        **os.environ,
        "ALSA_CONFIG_PATH": str(path),
        "HOME": str(tmp_path),
        "PULSE_SERVER": "unix:/nowhere",
    }
    ended = open_in_process("mic", quiet)
    assert ended.returncode == 3
    (line,) = ended.stderr.splitlines()
    assert line.startswith("no microphone")
