"""Looking through a corpus before anybody learns from it."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.models.corpus_check import Report, check
from tests.models.label_files import MA, audacity, timit
from tests.models.tiny_corpus import PHONE_S, spoken, write_source, write_wave

SPEECH = ["SIL", "M", "AA", "S", "IY", "SIL"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_source(
        tmp_path, "en_kathleen", {"a": ("train", SPEECH), "b": ("train", SPEECH), "c": ("dev", SPEECH)}
    )
    return tmp_path


def edit_labels(folder: Path, old: str, new: str) -> None:
    path = folder / "labels.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    assert old in text
    path.write_bytes(gzip.compress(text.replace(old, new).encode()))


def edit_utterances(folder: Path, old: str, new: str) -> None:
    path = folder / "utts.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def named(report: Report, word: str) -> list[str]:
    return [line for line in report.problems + report.warnings if word in line]


def test_hours_speakers_and_licences_are_told(corpus: Path) -> None:
    write_source(corpus, "fr_tuxpaint", {"d": ("test", SPEECH)})
    report = check(corpus)
    english, _, french = report.rows
    assert (english.source, english.language, english.split) == ("en_kathleen", "en", "dev")
    train = report.rows[1]
    assert (train.split, train.utterances, train.speakers) == ("train", 2, 1)
    assert train.hours == pytest.approx(2 * len(SPEECH) * PHONE_S / 3600, abs=1e-4)
    assert (train.licence, train.trains) == ("CC0-1.0", True)
    assert (french.licence, french.trains) == ("GPL-2.0", False)
    assert report.speakers == {"en_kathleen": 2, "fr_tuxpaint": 1}
    assert report.problems == []
    assert report.as_data()["sounds"]["rooms"] == {"usable": 0, "present": 0}


def test_free_sounds_are_counted_apart(corpus: Path) -> None:
    (corpus / "noise").mkdir()
    noise = np.full(400, 99, np.int16)
    with (corpus / "noise" / "index.csv").open("w", newline="", encoding="utf-8") as stream:
        index = csv.writer(stream)
        index.writerow(("file", "source", "licence"))
        for name, licence in (("a.wav", "CC0 me"), ("b.wav", "CC BY-SA 3.0")):
            write_wave(corpus / "noise" / name, noise)
            index.writerow((name, "here", licence))
    report = check(corpus)
    assert report.sounds["noise recordings"] == (1, 2)
    assert named(report, "no free noise") == []
    assert len(named(report, "no free rooms")) == 1


def test_a_recording_that_is_gone_or_too_short_is_a_problem(corpus: Path) -> None:
    folder = corpus / "speech" / "en_kathleen"
    (folder / "a.wav").unlink()
    write_wave(folder / "b.wav", np.full(8000, 50, np.int16))
    report = check(corpus)
    assert len(report.problems) == 2
    assert "a.wav" in report.problems[0]
    assert "b.wav: lasts 0.50 s, its labels 0.72 s" in report.problems[1]


def test_a_recording_or_labels_without_a_hop_are_a_problem(corpus: Path) -> None:
    write_wave(corpus / "speech" / "en_kathleen" / "a.wav", np.full(1, 50, np.int16))
    (line,) = check(corpus).problems
    assert "a.wav: shorter than 10 ms" in line
    folder = write_source(corpus, "en_ljspeech", {"d": ("train", ["AA"])})
    edit_labels(folder, "0.120", "0.009")
    assert len(named(check(corpus), "utts.csv:2: its labels end within the first 10 ms")) == 1


def test_many_of_a_kind_are_one_line(corpus: Path) -> None:
    for path in (corpus / "speech" / "en_kathleen").glob("*.wav"):
        path.unlink()
    (line,) = check(corpus).problems
    assert line.startswith("3 recordings cannot be read, the first: ")


def test_an_unknown_phone_is_a_problem(corpus: Path) -> None:
    edit_labels(corpus / "speech" / "en_kathleen", "IY", "QQ")
    (line,) = check(corpus).problems
    assert "QQ" in line


def test_a_damaged_source_does_not_hide_the_others(corpus: Path) -> None:
    folder = write_source(corpus, "en_ljspeech", {"d": ("train", SPEECH)})
    edit_utterances(folder, ",train,", ",training,")
    report = check(corpus)
    assert len(named(report, "split 'training' must be one of")) == 1
    assert {row.source for row in report.rows} == {"en_kathleen"}


@pytest.mark.parametrize(("split", "purpose"), [("train", "choose the best epoch"), ("dev", "learn from")])
def test_a_missing_split_is_a_problem(tmp_path: Path, split: str, purpose: str) -> None:
    write_source(tmp_path, "en_kathleen", {"a": (split, SPEECH)})
    (line,) = check(tmp_path).problems
    assert f"nothing to {purpose}" in line


def test_what_a_person_should_know_is_warned_of(corpus: Path) -> None:
    write_source(corpus, "en_nobody-knows", {"d": ("train", ["SIL", "AA"])})
    edit_utterances(corpus / "speech" / "en_kathleen", "speaker-dev", "speaker-train")
    edit_labels(corpus / "speech" / "en_kathleen", "AA", "AH")
    report = check(corpus)
    assert report.problems == []
    assert len(named(report, "en_nobody-knows: no licence is known")) == 1
    assert len(named(report, "one speaker in all splits")) == 1
    assert len(named(report, "en_kathleen: 3 utterances have no text")) == 1
    assert len(named(report, "en_nobody-knows: 1 utterances are shorter than 0.3 s")) == 1


def test_progress_is_told_recording_by_recording(corpus: Path) -> None:
    told: list[int] = []
    check(corpus, told.append, lambda: told.append(1))
    assert told == [3, 1, 1, 1]


def test_a_folder_without_speech_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no recording"):
        check(tmp_path)


def test_a_folder_of_ones_own_with_one_voice_is_noted_and_not_warned_of(tmp_path: Path) -> None:
    def record(name: str) -> None:
        write_wave(tmp_path / f"{name}.wav", spoken(["SIL", "M", "AA", "SIL"]))
        (tmp_path / f"{name}.txt").write_text(audacity([*MA[:2], (0.24, 0.36, "ah")]), encoding="utf-8")

    record("one")
    (line,) = check(tmp_path).problems
    assert line.endswith("no dev split may be used; at least two recordings are needed")
    record("two")
    (tmp_path / "three.phn").write_text(timit(MA), encoding="utf-8")
    write_wave(tmp_path / "four.wav", spoken(["SIL"]))
    report = check(tmp_path)
    assert report.problems == []
    assert report.notes == ["one voice; figures on it say nothing of strangers"]
    assert [row.phones for row in report.rows] == ["arpabet", "arpabet"]
    assert named(report, "one speaker") == []
    assert named(report, "three.phn") == [f"1 label file has no recording: {tmp_path / 'three.phn'}"]
    assert named(report, "four.wav") == [f"1 recording has no label file: {tmp_path / 'four.wav'}"]
    assert named(report, "schwa; write AH0/AH1 or ax, or add a `words` tier")


@pytest.mark.corpus
def test_the_whole_corpus_is_without_a_problem() -> None:
    report = check(Path(os.environ["MANDIBLE_DATA"]))
    assert report.problems == []
    assert sum(row.hours for row in report.rows if row.trains) > 8
