"""The manifest of training data: who, how long, under which licence, and a hash to check data by."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from mandible.errors import InputError
from mandible.models import corpus, manifest
from tests.models.tiny_corpus import write_source

SPEECH = ["SIL", "M", "AA", "SIL"]


def corpus_in(directory: Path) -> Path:
    """Write a corpus of two sources."""
    write_source(
        directory, "en_kathleen", {"b": ("train", SPEECH), "a": ("train", SPEECH), "c": ("dev", SPEECH)}
    )
    write_source(directory, "ru_nsh", {"a": ("train", [*SPEECH, "S"])})
    return directory


def hashes(directory: Path) -> list[str]:
    """Return the hash of each source's training part."""
    return [row["sha256"] for row in manifest.of(corpus.utterances(directory, "train"))]


def test_a_row_says_what_a_card_must_say(tmp_path: Path) -> None:
    rows = manifest.of(corpus.utterances(corpus_in(tmp_path), "train"))
    assert [row["source"] for row in rows] == ["en_kathleen", "ru_nsh"]
    first = rows[0]
    assert (first["speakers"], first["utterances"], first["languages"]) == (1, 2, ["en"])
    assert first["hours"] == round(2 * 0.48 / 3600, 3)
    assert first["licence"] == "CC0-1.0"
    assert first["credit"].startswith("Kathleen")
    assert json.loads(json.dumps(rows)) == rows


def test_the_hash_is_what_the_documentation_says(tmp_path: Path) -> None:
    rows = manifest.of(corpus.utterances(corpus_in(tmp_path), "train", sources=["ru_nsh"]))
    sound = hashlib.sha256((tmp_path / "speech/ru_nsh/a.wav").read_bytes()).hexdigest()
    times = [
        f"{index * 0.12:.4f} {(index + 1) * 0.12:.4f} {phone}\n" for index, phone in enumerate([*SPEECH, "S"])
    ]
    labels = hashlib.sha256("".join(times).encode()).hexdigest()
    assert rows[0]["sha256"] == hashlib.sha256(f"a\t{sound}\t{labels}\n".encode()).hexdigest()


def test_the_same_data_elsewhere_and_in_another_order_has_the_same_hash(tmp_path: Path) -> None:
    first = hashes(corpus_in(tmp_path / "first"))
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    assert hashes(tmp_path / "second") == first
    backwards = manifest.of(reversed(corpus.utterances(tmp_path / "first", "train", sources=["en_kathleen"])))
    assert backwards[0]["sha256"] == first[0]


def test_another_sound_or_another_label_changes_the_hash_of_its_source_alone(tmp_path: Path) -> None:
    before = hashes(corpus_in(tmp_path))
    recording = tmp_path / "speech/en_kathleen/a.wav"
    whole = recording.read_bytes()
    recording.write_bytes(whole[:-1] + b"\x07")
    assert hashes(tmp_path)[0] != before[0]
    assert hashes(tmp_path)[1] == before[1]
    recording.write_bytes(whole)
    assert hashes(tmp_path) == before
    labels = tmp_path / "speech/en_kathleen/labels.csv.gz"
    labels.write_bytes(gzip.compress(gzip.decompress(labels.read_bytes()).replace(b"a,0.120", b"a,0.121")))
    assert hashes(tmp_path)[0] != before[0]


def test_a_recording_that_is_gone_is_named(tmp_path: Path) -> None:
    learned = corpus.utterances(corpus_in(tmp_path), "train")
    (tmp_path / "speech/ru_nsh/a.wav").unlink()
    with pytest.raises(InputError, match=r"a\.wav: cannot be read"):
        manifest.of(learned)


def test_a_source_without_a_licence_says_so(tmp_path: Path) -> None:
    write_source(tmp_path, "xx_strange", {"a": ("train", SPEECH)})
    assert manifest.of(corpus.everything(tmp_path))[0]["licence"] == "unknown"
