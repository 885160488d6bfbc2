"""What a training folder says of itself: it goes on only with what it began with. Needs no TensorFlow."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mandible.cli.main import main
from mandible.errors import InputError
from mandible.models import corpus, takes_cache, training_record
from mandible.models.reproduce import Plain
from mandible.models.settings import Settings
from mandible.models.train import Selection, selected, train
from tests.models import tiny_corpus
from tests.models.tiny_corpus import write_source

ROW = {"epoch": 1, "loss": 1.0, "dev_accuracy": 0.5, "seconds": 1}
QUICK = Settings(copies=0, chunk_hops=100)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    directory = tmp_path / "corpus"
    long = ["SIL", *["M", "AA"] * 6, "SIL"]
    write_source(directory, "en_kathleen", {"one": ("train", long), "two": ("dev", ["SIL", "M", "AA"])})
    return directory


def finished(out: Path, directory: Path, **more: object) -> None:
    """Write the record of a training that is done."""
    learn, dev = (corpus.utterances(directory, split) for split in ("train", "dev"))
    out.mkdir(exist_ok=True)
    record = {
        "settings": QUICK.described(),
        "history": [ROW],
        "learned_from": training_record.learned_from(learn, dev, directory),
        **more,
    }
    training_record.write(out / training_record.RECORD, record)


def test_a_corpus_copied_elsewhere_is_the_same(tiny: Path, tmp_path: Path) -> None:
    finished(tmp_path / "out", tiny)
    moved = Path(shutil.copytree(tiny, tmp_path / "mounted"))
    for path in moved.rglob("*.wav"):
        os.utime(path, (1, 1))
    assert train(Selection((moved,)), QUICK, tmp_path / "out", Plain())["history"] == [ROW]


def test_a_finished_folder_does_not_pass_for_another_training(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    finished(out, tiny)
    with pytest.raises(InputError, match="nowhere"):
        train(Selection((tmp_path / "nowhere",)), QUICK, out, Plain())
    with pytest.raises(InputError, match=r"out: holds a training with other settings \(epochs\); name"):
        train(Selection((tiny,)), replace(QUICK, epochs=2), out, Plain())
    (tmp_path / "start.npz").write_bytes(b"x")
    with pytest.raises(InputError, match="other starting weights; name another"):
        train(Selection((tiny,)), QUICK, out, Plain(), start=tmp_path / "start.npz")
    write_source(tiny, "en_librispeech", {"more": ("train", ["SIL", "M"])})
    with pytest.raises(InputError, match="other recordings to learn from; name another"):
        train(Selection((tiny,)), QUICK, out, Plain())
    (out / training_record.RECORD).rename(out / training_record.PROGRESS)
    with pytest.raises(InputError, match="other recordings to learn from; name another"):
        train(Selection((tiny,)), QUICK, out, Plain())


def test_a_record_of_an_earlier_version_is_accepted(tiny: Path, tmp_path: Path) -> None:
    finished(tmp_path / "out", tiny)
    path = tmp_path / "out" / training_record.RECORD
    record = json.loads(path.read_text(encoding="utf-8"))
    del record["learned_from"]
    path.write_text(json.dumps(record), encoding="utf-8")
    assert train(Selection((tiny,)), QUICK, tmp_path / "out", Plain()) == record


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "[" * 100_000, '{"settings": {}, "history": []}', "\xff",
             '{"settings": {}, "history": [3]}', '{"settings": 3, "history": []}',
             '{"a": ' + "9" * 5000 + "}"],
)  # fmt: skip
def test_a_damaged_record_or_card_is_one_line(
    tiny: Path, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "training.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=r"training\.json: "):
        training_record.read(path, "settings", "history")
    if "settings" not in text or '": 3' in text:
        assert main(["train", "--corpus", str(tiny), "-o", str(tmp_path / "out"), "--card", str(path)]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_rooms_languages_and_codecs_are_part_of_the_key(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = corpus.utterances(tiny, "train")
    for change in ({"language": "de"}, {"phoneset": "ipa"}):
        assert takes_cache.key([replace(some[0], **change)]) != takes_cache.key(some)
    before = takes_cache.changes_key(tiny)
    (tiny / "rir").mkdir()
    (tiny / "rir" / "sim_hall.wav").write_bytes(b"x")
    with_a_room = takes_cache.changes_key(tiny)
    monkeypatch.setattr(takes_cache.codecs, "available", lambda: ())
    assert len({before, with_a_room, takes_cache.changes_key(tiny)}) == 3


def test_a_recording_of_an_unknown_language_is_not_held_out_by_guess(tiny: Path) -> None:
    path = tiny / "speech" / "en_kathleen" / "utts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",en,", ",und,"), encoding="utf-8")
    assert Selection((tiny,)).utterances("train")
    with pytest.raises(InputError, match=r"en_kathleen: .*--hold-out-language .*`language` .*labels\.toml"):
        Selection((tiny,), without_languages=("de",)).utterances("train")


def test_a_selection_comes_back_from_its_record(tmp_path: Path) -> None:
    some = Selection((tmp_path,), ("en",), ("de", "fr"), ("CC0*",))
    assert selected([tmp_path], {"selection": json.loads(json.dumps(some.described()))}, tmp_path) == some
    assert selected([tmp_path], {}, tmp_path) == Selection((tmp_path,))
    for damaged in (3, {"languages": "en"}, {"licences": [1]}):
        with pytest.raises(InputError, match="damaged"):
            selected([tmp_path], {"selection": damaged}, tmp_path)


def test_too_little_speech_is_said_with_how_much_is_needed(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attempt(settings: Settings) -> None:
        train(Selection((tiny,)), settings, tmp_path / "out", Plain(), cache=tmp_path / "cache")

    with pytest.raises(InputError, match=r"s to learn from are too little: at least one chunk of 3 s"):
        attempt(replace(QUICK, chunk_hops=300))
    shutil.rmtree(tiny)
    monkeypatch.setattr(tiny_corpus, "PHONE_S", 0.08)
    write_source(tiny, "en_kathleen", {"one": ("train", ["SIL", *["M", "AA"] * 6]), "two": ("dev", ["M"])})
    with pytest.raises(InputError, match=r"nothing to choose with: .* longer than the lookahead of 100 ms"):
        attempt(replace(QUICK, chunk_hops=50, lookahead_ms=100))
