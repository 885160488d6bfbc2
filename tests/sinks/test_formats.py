"""Viseme tracks: what stands in them, and that they appear whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import random
from itertools import pairwise
from pathlib import Path

import pytest

from mandible.device.frames import Frame
from mandible.device.sinks.formats import FORMAT_IDS, STAMPS, open_track, suffix
from mandible.device.sinks.formats.rhubarb_cues import shape_table
from mandible.errors import InputError
from mandible.models.visemes import VISEME_NAMES, Viseme
from tests.sinks.decoded import DELAY_MS, HEADER, decoded, small_track
from tests.sinks.make_golden import GOLDEN, write


def track_text(
    frames: list[Frame], duration_s: float, path: Path, format_id: str = "csv", stamp: str = "aligned"
) -> str:
    track = open_track(path, format_id, stamp, delay_ms=DELAY_MS, header=HEADER)
    for frame in frames:
        track.write(frame)
    track.close(duration_s)
    return path.read_text()


def rows_of(text: str) -> list[tuple[float, float, str, float]]:
    table = csv.DictReader(io.StringIO(text))
    return [(float(r["start_s"]), float(r["end_s"]), r["viseme"], float(r["openness"])) for r in table]


@pytest.mark.parametrize("stamp", STAMPS)
@pytest.mark.parametrize("format_id", FORMAT_IDS)
def test_golden_tracks(tmp_path: Path, format_id: str, stamp: str) -> None:
    written = write(tmp_path, format_id, stamp)
    assert written.read_bytes() == (GOLDEN / written.name).read_bytes()


def test_a_hop_speaks_for_the_time_before_it_by_the_known_delay(tmp_path: Path) -> None:
    frames = [decoded(i, Viseme.aa if i == 10 else Viseme.sil, 255) for i in range(24)]
    aligned = rows_of(track_text(frames, 0.2, tmp_path / "a.csv"))
    emitted = rows_of(track_text(frames, 0.2, tmp_path / "b.csv", stamp="emission"))
    assert aligned[1][:3] == (0.0625, 0.0725, "aa")
    assert emitted[1][:3] == (0.11, 0.12, "aa")
    assert aligned[-1][1] == 0.2
    assert emitted[-1][1] == 0.2475


def test_before_anything_is_described_the_mouth_rests_closed(tmp_path: Path) -> None:
    frames = [decoded(i, Viseme.aa, 255) for i in range(24)]
    first, second = rows_of(track_text(frames, 0.2, tmp_path / "a.csv", stamp="emission"))
    assert first == (0.0, 0.01, "sil", 0.0)
    assert second == (0.01, 0.2475, "aa", 1.0)


def test_openness_is_the_mean_over_the_row_weighted_by_time(tmp_path: Path) -> None:
    frames = [decoded(i, Viseme.aa, 255 if i == 3 else 0) for i in range(8)]
    ((*_, openness),) = rows_of(track_text(frames, 0.01, tmp_path / "a.csv"))
    assert openness == 0.25  # Hop 3 begins 7.5 ms before the sound does: a quarter of it counts.


def test_lost_hops_leave_no_hole(tmp_path: Path) -> None:
    frames = [decoded(i, Viseme.ou if i >= 40 else Viseme.aa, 100) for i in range(60) if not 10 <= i < 40]
    rows = rows_of(track_text(frames, 0.5, tmp_path / "a.csv"))
    assert [(start, end, viseme) for start, end, viseme, _ in rows] == [
        (0.0, 0.3625, "aa"),
        (0.3625, 0.5, "ou"),
    ]


def test_a_track_without_frames_is_silence(tmp_path: Path) -> None:
    assert rows_of(track_text([], 1.0, tmp_path / "a.csv")) == [(0.0, 1.0, "sil", 0.0)]


@pytest.mark.parametrize("stamp", STAMPS)
@pytest.mark.parametrize("seed", range(10))
def test_rows_are_contiguous_distinct_and_never_empty(tmp_path: Path, seed: int, stamp: str) -> None:
    chance = random.Random(seed)
    hops = chance.randrange(1, 400)
    duration_s = (hops - chance.random()) / 100
    frames = [decoded(i, Viseme(chance.randrange(3)), chance.randrange(256)) for i in range(hops + 4)]
    rows = rows_of(track_text(frames, duration_s, tmp_path / "a.csv", stamp=stamp))
    delay_s = DELAY_MS / 1000 if stamp == "emission" else 0
    assert rows[0][0] == 0
    assert rows[-1][1] == pytest.approx(duration_s + delay_s, abs=0.0001)
    assert all(start < end and 0 <= openness <= 1 for start, end, _, openness in rows)
    for before, after in pairwise(rows):
        assert before[1] == after[0]
        assert before[2] != after[2]


def test_emission_is_aligned_later_by_the_delay(tmp_path: Path) -> None:
    chance = random.Random(1)
    frames = [decoded(i, Viseme.sil if i < 4 else Viseme(chance.randrange(4))) for i in range(104)]
    aligned = rows_of(track_text(frames, 1.0, tmp_path / "a.csv"))
    emitted = rows_of(track_text(frames, 1.0, tmp_path / "b.csv", stamp="emission"))
    assert [row[2] for row in aligned] == [row[2] for row in emitted]
    shifts_ms = [1000 * (late[1] - early[1]) for early, late in zip(aligned, emitted, strict=True)]
    assert shifts_ms == pytest.approx([DELAY_MS] * len(shifts_ms))


def test_jsonl_names_its_making_and_every_weight(tmp_path: Path) -> None:
    header, *hops = map(json.loads, track_text(small_track(), 0.2, tmp_path / "a", "jsonl").splitlines())
    assert header["model"] == "small"
    assert header["engine"] == "c"
    assert header["stamp"] == "aligned"
    assert header["conditioning"] == HEADER["conditioning"]
    assert all(tuple(hop["weights"]) == VISEME_NAMES for hop in hops)
    assert all(sum(hop["weights"].values()) == 255 for hop in hops)
    assert [hop["time_s"] for hop in hops[:3]] == [0, 0.0025, 0.0125]
    assert len(hops) == 21


@pytest.mark.parametrize("stamp", STAMPS)
def test_rhubarb_files_agree_and_tile_the_recording(tmp_path: Path, stamp: str) -> None:
    chance = random.Random(2)
    frames = [decoded(i, Viseme(chance.randrange(15))) for i in range(304)]
    document = json.loads(track_text(frames, 3.007, tmp_path / "a", "rhubarb-json", stamp))
    lines = track_text(frames, 3.007, tmp_path / "b", "rhubarb-tsv", stamp).splitlines()
    cues = document["mouthCues"]
    end_s = 3.0 if stamp == "aligned" else 3.05
    assert document["metadata"]["soundFile"] == "voice.wav"
    assert document["metadata"]["engine"] == "c"
    assert document["metadata"]["duration"] == end_s
    assert cues[0]["start"] == 0
    assert cues[-1]["end"] == end_s
    assert all(cue["start"] < cue["end"] and cue["value"] in "ABCDEFGHX" for cue in cues)
    for before, after in pairwise(cues):
        assert before["end"] == after["start"]
        assert before["value"] != after["value"]
    assert lines[:-1] == [f"{cue['start']:.2f}\t{cue['value']}" for cue in cues]
    assert lines[-1] == f"{end_s:.2f}\tX"


def test_the_shapes_rhubarb_documents_are_the_ones_its_sounds_get() -> None:
    shapes = shape_table()
    assert tuple(shapes) == VISEME_NAMES
    documented = {
        "sil": "X",
        "PP": "A",
        "SS": "B",
        "kk": "B",
        "E": "C",
        "aa": "D",
        "RR": "E",
        "ou": "F",
        "FF": "G",
    }
    assert documented.items() <= shapes.items()


@pytest.mark.parametrize("format_id", FORMAT_IDS)
def test_nothing_appears_before_the_end_and_nothing_after_giving_up(tmp_path: Path, format_id: str) -> None:
    path = tmp_path / "track"
    path.write_text("old")
    with open_track(path, format_id, delay_ms=DELAY_MS, header=HEADER) as track:
        for frame in small_track():
            track.write(frame)
        assert path.read_text() == "old"
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format_id", FORMAT_IDS)
def test_standard_output(format_id: str, capfd: pytest.CaptureFixture[str]) -> None:
    track = open_track("-", format_id, delay_ms=DELAY_MS, header=HEADER)
    for frame in small_track():
        track.write(frame)
    track.close(0.2)
    assert capfd.readouterr().out == (GOLDEN / f"{format_id}-aligned{suffix(format_id)}").read_text()


def test_a_live_reader_gets_each_hop_of_jsonl_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    track = open_track("-", "jsonl", "emission", delay_ms=DELAY_MS, header=HEADER)
    capfd.readouterr()
    track.write(decoded(0, Viseme.aa, 9))
    assert json.loads(capfd.readouterr().out)["viseme"] == "aa"


def test_unknown_formats_and_stamps_name_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose one of csv, jsonl"):
        open_track(tmp_path / "a", "cvs", delay_ms=DELAY_MS, header={})
    with pytest.raises(InputError, match="choose one of aligned, emission"):
        open_track(tmp_path / "a", "csv", "late", delay_ms=DELAY_MS, header={})
    with pytest.raises(InputError, match="choose one of csv"):
        suffix("cvs")
    assert list(tmp_path.iterdir()) == []


def test_a_frame_that_was_not_decoded_is_a_mistake(tmp_path: Path) -> None:
    track = open_track(tmp_path / "a", delay_ms=DELAY_MS, header={})
    with track, pytest.raises(ValueError, match="without viseme"):
        track.write(Frame(0, 0, small_track()[0].pcm))


@pytest.mark.parametrize("format_id", FORMAT_IDS)
def test_a_source_whose_name_is_no_text_is_named_all_the_same(tmp_path: Path, format_id: str) -> None:
    header = {**HEADER, "source": os.fsdecode(b"x\xff.wav")}
    with open_track(tmp_path / "a", format_id, delay_ms=DELAY_MS, header=header) as track:
        track.close(0.1)
    text = (tmp_path / "a").read_text("utf-8")
    assert ("x\\udcff.wav" in text) == (format_id in ("jsonl", "rhubarb-json"))
