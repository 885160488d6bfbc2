"""The tables of a corpus directory come from strangers: each damage is one line, and soon told."""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from pathlib import Path

import pytest

from mandible.cli.main import main
from mandible.errors import InputError
from mandible.models import corpus, corpus_directory
from tests.models.tiny_corpus import write_source

SPEECH = ["SIL", "M", "AA", "SIL"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_source(tmp_path, "en_kathleen", {"one": ("train", SPEECH), "two": ("dev", SPEECH)})


def refused(folder: Path) -> str:
    """Read a source, and return why that is refused."""
    with pytest.raises(InputError) as caught:
        list(corpus.read_source(folder.parents[1], folder.name))
    assert len(str(caught.value)) < 400 + len(str(folder))
    return str(caught.value)


def edit_labels(folder: Path, old: str, new: str) -> None:
    path = folder / "labels.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    assert old in text
    path.write_bytes(gzip.compress(text.replace(old, new, 1).encode()))


def edit_utterances(folder: Path, old: str, new: str) -> None:
    path = folder / "utts.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("time_s", ["nan", "inf", "-inf", "1e10", "3600.001", "-0.001", "1" * 500])
@pytest.mark.parametrize(("old", "line"), [("0.480", 5), ("0.000", 2)])
def test_times_that_no_recording_has_are_refused(folder: Path, time_s: str, old: str, line: int) -> None:
    edit_labels(folder, old, time_s)
    assert f"labels.csv.gz:{line}: " in refused(folder)


def test_labels_never_lead_back_in_time(folder: Path) -> None:
    edit_labels(folder, "0.240,0.360", "0.236,0.237")
    assert re.search(r"gz:4: start_s must be 0\.24, and end_s not before it", refused(folder))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("one", "start_s is empty; fill it in"),
        ("one,0.480,0.500", "phone is empty"),
        (",0.480,0.500,M", "utt is empty"),
        (f"one,0.480,0.500,{'M' * 200_000}", "not a readable CSV file"),
    ],
)
def test_a_damaged_label_row_is_named(folder: Path, row: str, message: str) -> None:
    edit_labels(folder, "two,0.000", f"{row}\ntwo,0.000")
    assert re.search(rf"labels\.csv\.gz:6: {message}", refused(folder))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("one,one.wav", "one", "phoneset is empty"),
        ("one.wav", "../../../a.wav", "file '../../../a.wav' must be a path within"),
        ("one.wav", "x/../../a.wav", "must be a path within"),
        ("one.wav", "/etc/hostname", "must be a path within"),
        ("one.wav", "x" * 200_000, "not a readable CSV file"),
        (",train,", f",{'x' * 100_000},", "split 'x+...x+' must be one of"),
        ("speaker-train", "", "speaker is empty"),
    ],
)
def test_a_damaged_row_of_an_utterance_is_named(folder: Path, old: str, new: str, message: str) -> None:
    edit_utterances(folder, old, new)
    assert re.search(rf"utts\.csv:2: .*{message}", refused(folder))


def test_a_recording_may_lie_in_a_folder_of_its_own(folder: Path) -> None:
    edit_utterances(folder, "one.wav", "anna/one.wav")
    assert next(corpus.read_source(folder.parents[1], folder.name)).path == folder / "anna" / "one.wav"


def test_tables_that_are_no_utf_8_text_are_refused(folder: Path) -> None:
    path = folder / "utts.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    assert refused(folder) == f"{path}: not UTF-8 text; save it as UTF-8"


def test_gzip_that_is_cut_or_garbage_is_refused(folder: Path) -> None:
    path = folder / "labels.csv.gz"
    whole = path.read_bytes()
    for damaged in (b"", whole[:5], whole[:-9], whole[:-1], whole + b"x", b"utt,start_s", whole[:20] * 2):
        path.write_bytes(damaged)
        assert str(path) in refused(folder)


def test_gzip_that_swells_is_refused_before_it_fills_the_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus_directory, "MOST_BYTES", 1 << 20)
    (folder / "labels.csv.gz").write_bytes(gzip.compress(b"0" * (1 << 20) + b"0"))
    assert "larger than 1 MiB when unpacked; make several sources" in refused(folder)
    (folder / "labels.csv.gz").write_bytes(os.urandom((1 << 20) + 1))
    assert "larger than 1 MiB" in refused(folder)


@pytest.mark.parametrize("name", ["utts.csv", "labels.csv.gz", "labels.csv"])
def test_a_pipe_does_not_hold_up_the_program(folder: Path, name: str) -> None:
    (folder / ("labels.csv.gz" if name == "labels.csv" else name)).unlink()
    os.mkfifo(folder / name)
    begun_s = time.monotonic()
    assert f"{name}: cannot be read: not a regular file" in refused(folder)
    assert time.monotonic() - begun_s < 20


def test_data_check_tells_of_a_hostile_source_in_plain_json(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_labels(folder, "0.480", "inf")
    assert main(["data", "check", str(folder.parents[1]), "--json"]) == 1
    report = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert any("end_s 'inf' must be from 0 to 3600" in line for line in report["problems"])
