"""Recordings and labels that do not belong together: files without their other half, labels too long."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.errors import InputError
from mandible.models import corpus
from mandible.models.labelled_folder import read_folder
from tests.models.label_files import MA, SOUND, audacity, record, timit
from tests.models.tiny_corpus import spoken, write_wave


def test_recordings_without_labels_are_left_out_and_told(tmp_path: Path) -> None:
    record(tmp_path, "one")
    write_wave(tmp_path / "two.wav", spoken(SOUND))
    told: list[str] = []
    assert len(read_folder(tmp_path, tell=told.append)) == 1
    assert told == [f"1 recording has no label file: {tmp_path / 'two.wav'}"]


def test_label_files_without_a_recording_are_told_but_transcripts_and_other_text_are_not(
    tmp_path: Path,
) -> None:
    record(tmp_path, "one")
    (tmp_path / "one.txt").write_text("ma\tma\n", encoding="utf-8")
    (tmp_path / "README.txt").write_text("hello", encoding="utf-8")
    (tmp_path / "two.txt").write_text(audacity(MA), encoding="utf-8")
    told: list[str] = []
    read_folder(tmp_path, tell=told.append)
    assert told == [f"1 label file has no recording: {tmp_path / 'two.txt'}"]
    (tmp_path / "three.phn").write_text(timit(MA), encoding="utf-8")
    read_folder(tmp_path, tell=told.append)
    assert told[1:] == [f"2 label files have no recording, such as {tmp_path / 'three.phn'}"]


def test_labels_that_go_on_for_seconds_are_refused(tmp_path: Path) -> None:
    record(tmp_path, "one", labels=timit(MA, 16_000 * 7), suffix=".phn")
    with pytest.raises(
        InputError,
        match=r"one\.phn: labels go on 2\.9 s after the end of its recording; .* another sample rate\?",
    ):
        corpus.everything(tmp_path)
    (tmp_path / "one.phn").unlink()
    record(tmp_path, "one", labels=audacity([*MA[:-1], (0.36, 1.6, "sil")]), suffix=".txt")
    with pytest.raises(InputError, match=r"one\.txt: labels go on 1\.1 s .*; do the two belong together\?"):
        corpus.everything(tmp_path)


def test_labels_beyond_the_recording_are_cut_off_and_told_but_rounding_is_not(tmp_path: Path) -> None:
    record(tmp_path, "one", labels=audacity([*MA[:-1], (0.36, 0.73, "sil")]), suffix=".txt")
    record(tmp_path, "two", labels=audacity([*MA[:-1], (0.36, 0.49, "sil")]), suffix=".txt")
    told: list[str] = []
    first, _ = read_folder(tmp_path, tell=told.append)
    assert first.ends_s[-1] == pytest.approx(0.48)
    assert told == [
        f"{tmp_path}: label files that go on after the end of their recording, cut off there: 1, the first"
        " one.txt by 250 ms"
    ]
