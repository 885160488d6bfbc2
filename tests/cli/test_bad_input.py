"""Bad input ends in one clear line, the right exit code, and nothing lost or half written."""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from mandible.models import released
from tests.cli.command import COMMAND, SAMPLE, complaint, mandible, succeed

SKULL = """\
schema = 1
[channels.jaw]
output = 0
min_us = 1250
max_us = 1750
neutral_us = 1250
[poses]
aa = { jaw = 1.0 }
"""


def wav(path: Path, samples: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(2 * samples))
    return path


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_corrupt(path: Path) -> None:
    path.write_bytes(os.urandom(5000))


def make_zero_samples(path: Path) -> None:
    wav(path, 0)


@pytest.mark.parametrize("make", [make_empty, make_corrupt, make_zero_samples])
@pytest.mark.parametrize("verb", ["bake", "run"])
def test_bad_recordings(make, verb: str, tmp_path: Path) -> None:
    bad, out = tmp_path / "bad.wav", tmp_path / "x.csv"
    make(bad)
    words = ("bake", bad) if verb == "bake" else ("run", "--source", bad)
    assert "bad.wav" in complaint(mandible(*words, "-o", out), 2)
    assert not out.exists()
    assert list(tmp_path.iterdir()) == [bad]


def test_missing_recording(tmp_path: Path) -> None:
    assert "nowhere.wav" in complaint(mandible("bake", tmp_path / "nowhere.wav", "-o", tmp_path / "x.csv"), 2)


def test_the_old_track_survives_a_bad_recording(tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    out.write_text("old")
    make_corrupt(tmp_path / "bad.wav")
    complaint(mandible("bake", tmp_path / "bad.wav", "-o", out), 2)
    assert out.read_text() == "old"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("neutral_us", "neutrl_us"), ["neutrl_us", "neutral_us"]),
        (("aa = {", "ah = {"), ["ah", "aa"]),
        (("min_us = 1250", "min_us = 1900"), ["min_us", "max_us"]),
        (("jaw = 1.0", "jaw = nan"), ["jaw", "nan"]),
        (("jaw = 1.0", "chin = 1.0"), ["chin", "jaw"]),
    ],
)
def test_bad_rigs(change: tuple[str, str], says: list[str], tmp_path: Path) -> None:
    rig = tmp_path / "my.toml"
    rig.write_text(SKULL.replace(*change))
    for words in (("rig", "check", rig), ("run", "--source", SAMPLE, "--rig", rig, "--port", "fake:")):
        line = complaint(mandible(*words), 2)
        assert "my.toml" in line
        assert all(word in line for word in says), line


def test_a_good_rig_passes_the_same_check(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(SKULL)
    succeed("rig", "check", tmp_path / "my.toml")


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9, 0.999])
def test_truncated_models(share: float, tmp_path: Path) -> None:
    whole = released.resolve("small").path.read_bytes()
    model = tmp_path / "cut.tflite"
    model.write_bytes(whole[: int(share * len(whole))])
    line = complaint(mandible("bake", SAMPLE, "--model", model, "-o", tmp_path / "x.csv"), 2)
    assert "cut.tflite" in line
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--model", "smal"), "small"),
        (("--engine", "sea"), "reference"),
        (("--format", "cvs"), "csv"),
        (("--rig", "skul"), "skull"),
    ],
)
def test_wrong_names_list_the_right_ones(words: tuple[str, str], says: str, tmp_path: Path) -> None:
    line = complaint(mandible("bake", SAMPLE, "-o", tmp_path / "x", *words), 2)
    assert words[1] in line
    assert says in line


def test_absent_port() -> None:
    line = complaint(mandible("run", "--source", SAMPLE, "--port", "serial:///dev/ttyNOWHERE"), 3)
    assert "/dev/ttyNOWHERE" in line


def test_busy_port() -> None:
    import serial

    master, slave = os.openpty()
    try:
        with serial.Serial(os.ttyname(slave), exclusive=True):
            line = complaint(
                mandible("run", "--source", SAMPLE, "--port", f"serial://{os.ttyname(slave)}"), 3
            )
    finally:
        os.close(slave)
        os.close(master)
    assert "busy" in line or "use" in line


def test_no_audio_device(tmp_path: Path) -> None:
    configuration = tmp_path / "asound.conf"
    configuration.write_text("pcm.nothing { type hw card 31 hint { show on description nothing } }\n")
    environment = {**os.environ, "ALSA_CONFIG_PATH": str(configuration)}
    line = complaint(mandible("run", "--source", "mic", "-o", tmp_path / "x.csv", environment=environment), 3)
    assert "microphone" in line


@pytest.mark.parametrize("option", ["-o", "--record"])
def test_a_recording_is_never_written_over(option: str, tmp_path: Path) -> None:
    sound = wav(tmp_path / "take.wav", 1600)
    before = sound.read_bytes()
    assert "take.wav" in complaint(mandible("run", "--source", sound, option, sound), 2)
    if option == "-o":
        assert "take.wav" in complaint(mandible("bake", sound, "-o", sound), 2)
    assert sound.read_bytes() == before


def test_two_outputs_never_share_a_file(tmp_path: Path) -> None:
    out = tmp_path / "same"
    done = mandible("run", "--source", SAMPLE, "-o", out, "--record", tmp_path / "." / "same")
    assert "same" in complaint(done, 2)
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("bake", SAMPLE, "-o", ""),
        ("run", "--source", SAMPLE, "--record", "-"),
        ("bake", SAMPLE, "-o", "x" * 300),
        ("bake", "x" * 300, "-o", "y.csv"),
        ("bake", SAMPLE, "-o", "y.csv", "--jobs", "0"),
        ("run", "--source", SAMPLE, "--duration", "nan"),
        ("run", "--source", SAMPLE, "--format", "nonsense"),
    ],
)
def test_odd_arguments(words: tuple[str | Path, ...], tmp_path: Path) -> None:
    complaint(mandible(*words, folder=tmp_path), 2)
    assert list(tmp_path.iterdir()) == []


def test_verbose_adds_the_traceback_and_keeps_the_exit_code(tmp_path: Path) -> None:
    done = mandible("bake", tmp_path / "nowhere.wav", "-o", tmp_path / "x.csv", "-v")
    assert done.returncode == 2
    assert b"Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(b"mandible: ")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_every_bad_recording_of_a_folder_is_named_and_the_good_are_baked(jobs: str, tmp_path: Path) -> None:
    takes, tracks = tmp_path / "takes", tmp_path / "tracks"
    takes.mkdir()
    make_corrupt(takes / "a.wav")
    make_empty(takes / "b.wav")
    wav(takes / "c.wav", 3200)
    done = mandible("bake", takes, "-o", tracks, "--jobs", jobs)
    assert done.returncode == 2
    named = [line for line in done.stderr.decode().splitlines() if line.startswith("mandible: ")]
    assert len(named) == 2
    assert "a.wav" in named[0]
    assert "b.wav" in named[1]
    assert [path.name for path in tracks.iterdir()] == ["c.csv"]


def limited_to_4_kb() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.parametrize("verb", ["bake", "run"])
def test_a_full_disk_leaves_the_old_track(verb: str, tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    out.write_text("old")
    words = ["bake", SAMPLE] if verb == "bake" else ["run", "--source", SAMPLE]
    done = subprocess.run(
        [*COMMAND, *map(str, words), "-o", str(out), "--format", "jsonl"],
        capture_output=True,
        preexec_fn=limited_to_4_kb,
        timeout=60,
    )
    assert "x.jsonl" in complaint(done, 2)
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_192_khz_six_channel_float_recording_works(tmp_path: Path) -> None:
    rate, seconds, channels = 192_000, 1.0, 6
    time = np.arange(int(rate * seconds)) / rate
    tone = (0.3 * np.sin(2 * np.pi * 220 * time)).astype("<f4")
    data = np.repeat(tone[:, None], channels, axis=1).tobytes()
    block = 4 * channels
    form = struct.pack("<HHIIHH", 3, channels, rate, rate * block, block, 32)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    recording = tmp_path / "surround.wav"
    recording.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    rows = succeed("bake", recording, "-o", "-").decode().splitlines()
    assert rows[0] == "start_s,end_s,viseme,openness"
    assert float(rows[-1].split(",")[1]) == pytest.approx(1.0, abs=0.011)


def test_usage_errors_exit_with_2() -> None:
    assert mandible().returncode == 2
    assert mandible("dance").returncode == 2
    assert mandible("--version").stdout.startswith(b"mandible 0.")


@pytest.mark.parametrize("option", ["-o", "--record"])
@pytest.mark.parametrize("read", ["rig", "model"])
def test_what_the_line_is_made_from_is_not_written_over(option: str, read: str, tmp_path: Path) -> None:
    mine = tmp_path / ("mine.toml" if read == "rig" else "mine.tflite")
    mine.write_bytes(SKULL.encode() if read == "rig" else released.resolve("nano").path.read_bytes())
    before = mine.read_bytes()
    run = mandible("run", "--source", SAMPLE, "--duration", "0.1", f"--{read}", mine, option, mine)
    assert f"is the {read}; write somewhere else" in complaint(run, 2)
    assert mine.read_bytes() == before


def test_a_track_does_not_take_the_place_of_its_rig_in_bake(tmp_path: Path) -> None:
    rig = tmp_path / "mine.toml"
    rig.write_text(SKULL)
    assert "is the rig" in complaint(mandible("bake", SAMPLE, "--rig", rig, "-o", rig), 2)
    assert rig.read_text() == SKULL
