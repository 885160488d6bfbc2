"""The same sound gives the same bytes: twice, live or offline, whichever exact engine computes."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from mandible.device.audio import open_source
from tests.cli.command import SAMPLE, mandible, succeed


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    track = tmp_path_factory.mktemp("baked") / "x.csv"
    succeed("bake", SAMPLE, "--stamp", "emission", "-o", track)
    return track.read_bytes()


@pytest.mark.parametrize("engine", ["c", "reference", "tflite"])
def test_every_exact_engine(engine: str, expected: bytes, tmp_path: Path) -> None:
    succeed("bake", SAMPLE, "--stamp", "emission", "--engine", engine, "-o", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == expected


def test_live(expected: bytes, tmp_path: Path) -> None:
    succeed("run", "--source", SAMPLE, "--stamp", "emission", "-o", tmp_path / "y.csv")
    assert (tmp_path / "y.csv").read_bytes() == expected


def test_live_at_the_speed_of_speech_with_a_puppet_on_the_line(tmp_path: Path) -> None:
    # A rig brings its own smoothing, so its track is compared with one baked for the same rig.
    expected = succeed("bake", SAMPLE, "--rig", "skull", "--stamp", "emission", "-o", "-")
    words = ("run", "--source", SAMPLE, "--realtime", "--port", "virtual:", "--stamp", "emission", "--json")
    report = json.loads(succeed(*words, "-o", tmp_path / "y.csv"))
    assert (tmp_path / "y.csv").read_bytes() == expected
    assert report["dropped_hops"] == 0
    assert report["link"]["acked"] > 0.95 * report["seconds"] * 100


def test_raw_samples_on_standard_input(expected: bytes) -> None:
    with wave.open(str(SAMPLE)) as recording:
        samples = recording.readframes(recording.getnframes())
    baked = succeed("run", "--source", "-", "--stamp", "emission", "-o", "-", stdin=samples)
    assert baked == expected


def test_a_command_that_prints_samples(expected: bytes) -> None:
    # 44 bytes of header precede the samples of the committed WAV file.
    baked = succeed("run", "--source", f"cmd:tail -c +45 {SAMPLE}", "--stamp", "emission", "-o", "-")
    assert baked == expected


def test_what_was_recorded_bakes_to_what_was_said(tmp_path: Path) -> None:
    heard, live = tmp_path / "heard.wav", tmp_path / "live.csv"
    succeed("run", "--source", SAMPLE, "--duration", "2.5", "--record", heard, "-o", live)
    succeed("bake", heard, "-o", tmp_path / "baked.csv")
    assert (tmp_path / "baked.csv").read_bytes() == live.read_bytes()
    with wave.open(str(heard)) as recording:
        assert recording.getnframes() == 40_000


def test_aligned_rows_are_the_emitted_ones_earlier_by_the_known_delay(
    expected: bytes, tmp_path: Path
) -> None:
    succeed("bake", SAMPLE, "-o", tmp_path / "x.csv")
    aligned = [line.split(",") for line in (tmp_path / "x.csv").read_text().splitlines()[1:]]
    emitted = [line.split(",") for line in expected.decode().splitlines()[1:]]
    assert [row[2] for row in aligned] == [row[2] for row in emitted]
    shifts = [float(b[0]) - float(a[0]) for a, b in zip(aligned[1:], emitted[1:], strict=True)]
    assert shifts == pytest.approx([0.0475] * len(shifts))
    with open_source(str(SAMPLE)) as source:
        assert float(aligned[-1][1]) == pytest.approx(np.ceil(source.duration_s * 100) / 100)


def test_folders_bake_on_many_cores_as_one_by_one(tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / f"{name}.wav").write_bytes(SAMPLE.read_bytes())
    listed = json.loads(succeed("bake", folder, "-o", tmp_path / "tracks", "--jobs", "2", "--json"))
    assert [Path(entry["output"]).name for entry in listed] == ["one.csv", "three.csv", "two.csv"]
    assert len({Path(entry["output"]).read_bytes() for entry in listed}) == 1


def test_the_python_interface_says_the_same(tmp_path: Path) -> None:
    from mandible import bake, stream

    with wave.open(str(SAMPLE)) as recording:
        pcm = np.frombuffer(recording.readframes(recording.getnframes()), np.int16)
    rng = np.random.default_rng(3)
    cuts = np.sort(rng.integers(0, len(pcm), 50))
    streamed = list(stream(np.split(pcm, cuts)))
    baked = bake(SAMPLE)
    assert [frame.viseme for frame in streamed] == [frame.viseme for frame in baked]
    np.testing.assert_array_equal([f.weights for f in streamed], [f.weights for f in baked])


@pytest.mark.parametrize(("name", "starts"), [("x.jsonl", b"{"), ("x.json", b"{"), ("x.txt", b"start_s")])
def test_the_suffix_says_which_format(name: str, starts: bytes, tmp_path: Path) -> None:
    succeed("bake", SAMPLE, "-o", tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(starts)


def test_a_file_is_paced_for_a_board_without_being_told() -> None:
    report = json.loads(succeed("run", "--source", SAMPLE, "--duration", "2", "--port", "fake:", "--json"))
    assert report["link"]["acked"] > 180
    assert report["compute_ms"]["p50"] >= 0


def test_a_track_on_standard_output_stays_clean() -> None:
    track = succeed("run", "--source", SAMPLE, "--duration", "1", "-o", "-", "--json")
    assert track.startswith(b"start_s,end_s,viseme,openness\n")
    assert b"{" not in track


@pytest.mark.parametrize("board", [("--rig", "skull"), ("--port", "none:")])
def test_no_board_is_no_loss(board: tuple[str, str], tmp_path: Path) -> None:
    done = mandible("run", "--source", SAMPLE, "--duration", "1", *board, "-o", tmp_path / "x.csv")
    assert (done.returncode, done.stderr) == (0, b"")
