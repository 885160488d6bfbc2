"""Reading corpus directories, and who may be learned from."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.models import corpus, dataset
from mandible.models.targets import NO_TARGET, targets
from mandible.models.visemes import Viseme
from tests.models.tiny_corpus import spoken, write_source

SPEECH = ["SIL", "M", "AA", "S", "IY", "SIL"]


def test_an_utterance_carries_its_speaker_split_and_phone_times(tmp_path: Path) -> None:
    write_source(tmp_path, "en_kathleen", {"one": ("train", SPEECH)})
    (utterance,) = corpus.read_source(tmp_path, "en_kathleen")
    assert (utterance.name, utterance.speaker, utterance.split) == ("one", "speaker-train", "train")
    assert utterance.phones == tuple(SPEECH)
    assert utterance.starts_s[1] == pytest.approx(0.12)
    assert utterance.seconds == pytest.approx(0.72)
    assert np.array_equal(corpus.read_audio(utterance.path), spoken(SPEECH))


def test_only_permissive_sources_and_the_asked_split_are_learned_from(tmp_path: Path) -> None:
    for source in ("en_kathleen", "fr_tuxpaint", "de_emodb", "en_flite-slt", "xx_nobody-knows"):
        write_source(tmp_path, source, {"a": ("train", SPEECH), "b": ("dev", SPEECH), "c": ("test", SPEECH)})
    assert len(corpus.sources(tmp_path)) == 5
    learned = corpus.utterances(tmp_path, "train")
    assert [(utterance.source, utterance.name) for utterance in learned] == [("en_kathleen", "a")]


def test_labels_stand_at_the_instant_that_a_hop_describes(tmp_path: Path) -> None:
    write_source(tmp_path, "en_kathleen", {"one": ("train", SPEECH)})
    (utterance,) = corpus.read_source(tmp_path, "en_kathleen")
    labels = targets(utterance, 76, lookahead_ms=30).viseme
    # Hop t describes (t + 1) * 10 - 12.5 - 30 ms; /m/ lasts from 120 to 240 ms: hops 16 to 27.
    assert set(labels[:4]) == {NO_TARGET}
    assert labels[15] == Viseme.sil
    assert set(labels[16:28]) == {Viseme.PP}
    assert labels[28] == Viseme.aa
    assert labels[75] == Viseme.sil


def test_a_longer_lookahead_moves_the_labels_later_by_as_much(tmp_path: Path) -> None:
    write_source(tmp_path, "en_kathleen", {"one": ("train", SPEECH)})
    (utterance,) = corpus.read_source(tmp_path, "en_kathleen")
    at_once, later = targets(utterance, 60, 0).viseme, targets(utterance, 65, 50).viseme
    assert np.array_equal(at_once[1:], later[6:])


def test_features_and_labels_of_a_stream_have_equal_length(tmp_path: Path) -> None:
    write_source(tmp_path, "en_kathleen", {"one": ("train", SPEECH), "two": ("train", SPEECH)})
    stream = dataset.assemble(corpus.utterances(tmp_path, "train"))
    assert stream.mels.shape == (144, 40)
    assert len(stream) == 144


def test_a_corpus_without_speech_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no speech/\*/utts\.csv"):
        corpus.sources(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",train,", ",training,", r"utts\.csv:2: split 'training' must be one of train, dev, test"),
        ("arpabet", "sampa", r"utts\.csv:2: phoneset 'sampa' must be arpabet or ipa"),
        ("speaker,", "who,", r"utts\.csv:1: column 'speaker' is missing"),
        ("one,", "other,", r"utts\.csv:2: utterance 'other' has no rows"),
    ],
)
def test_a_damaged_list_of_utterances_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write_source(tmp_path, "en_x", {"one": ("train", SPEECH)}) / "utts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        list(corpus.read_source(tmp_path, "en_x"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.120,0.240", "0.150,0.240", r":3: start_s must be 0\.12"),
        ("0.120,0.240", "0.120,later", r":3: start_s and end_s must be numbers"),
        ("start_s", "begin", r":1: column 'start_s' is missing; the columns must be utt,start_s,end_s,phone"),
    ],
)
def test_damaged_labels_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write_source(tmp_path, "en_x", {"one": ("train", SPEECH)}) / "labels.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    path.write_bytes(gzip.compress(text.replace(old, new, 1).encode()))
    with pytest.raises(InputError, match=message):
        list(corpus.read_source(tmp_path, "en_x"))


def test_an_unknown_phone_is_named_with_its_utterance(tmp_path: Path) -> None:
    path = write_source(tmp_path, "en_x", {"one": ("train", SPEECH)}) / "labels.csv.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b",AA", b",QQ")))
    (utterance,) = corpus.read_source(tmp_path, "en_x")
    with pytest.raises(InputError, match="en_x/one: phone 'QQ'"):
        targets(utterance, 10, 30)


def test_languages_are_chosen_and_held_out_with_their_regions(tmp_path: Path) -> None:
    for source, language in (("en_kathleen", "en"), ("mul_kokoro", "pt-br"), ("ru_nsh", "ru")):
        utts = write_source(tmp_path, source, {"a": ("train", SPEECH), "b": ("dev", SPEECH)}) / "utts.csv"
        utts.write_text(utts.read_text(encoding="utf-8").replace(",en,", f",{language},"), encoding="utf-8")

    def heard(**filters: list[str]) -> list[str]:
        return [one.language for one in corpus.utterances(tmp_path, "train", **filters)]  # type: ignore[arg-type]

    assert heard() == ["en", "pt-br", "ru"]
    assert heard(languages=["pt", "RU"]) == ["pt-br", "ru"]
    assert heard(languages=["p"]) == []
    assert heard(without_languages=["ru"]) == ["en", "pt-br"]
    assert heard(sources=["*_n*", "en_kathleen"]) == ["en", "ru"]
    assert len(corpus.utterances(tmp_path, ("train", "dev"))) == 6
    corpus.check_languages([tmp_path], ["pt", "en"])
    with pytest.raises(
        InputError, match="language 'de': nobody speaks it in this corpus; there are en, pt-br, ru"
    ):
        corpus.check_languages([tmp_path], ["de"])
