"""Which sources may be learned from, by our list, by a corpus directory's own, and by what is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.errors import InputError
from mandible.models import corpus
from mandible.models.licences import licence_of, may_train, read_list
from tests.models.tiny_corpus import write_source

SPEECH = ["SIL", "M", "AA", "SIL"]
OWN_LIST = """
[[source]]
match = "xx_*"
licence = "CC-BY-SA-4.0"
use = "train"
credit = "somebody"

[[source]]
match = "de_emodb"
licence = "CC0-1.0"
use = "train"
credit = "not theirs to say"
"""


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """Return a corpus directory with sources of several licences, all to be trained on."""
    for source in ("en_kathleen", "ru_nsh", "fr_tuxpaint", "en_flite-slt", "xx_strange", "de_emodb"):
        write_source(tmp_path, source, {"a": ("train", SPEECH)})
    return tmp_path


def learned(directory: Path, *licences: str) -> set[str]:
    """Return the sources that are learned from."""
    return {one.source for one in corpus.utterances(directory, "train", licences=licences or None)}


def test_without_a_word_only_what_a_released_model_may_use_is_learned_from(corpora: Path) -> None:
    assert learned(corpora) == {"en_kathleen", "ru_nsh"}


def test_licences_are_chosen_by_name_or_pattern_in_any_case(corpora: Path) -> None:
    assert learned(corpora, "CC0-1.0") == {"en_kathleen"}
    assert learned(corpora, "gpl-*", "bsd-like") == {"fr_tuxpaint", "ru_nsh"}


def test_voices_kept_for_tests_are_never_learned_from(corpora: Path) -> None:
    assert "en_flite-slt" not in learned(corpora, "*")
    assert not may_train("en_flite-slt", allowed=["BSD-like"])


def test_a_source_that_nobody_licensed_must_be_asked_for_as_unknown(corpora: Path) -> None:
    assert learned(corpora, "unknown") == {"xx_strange"}


def test_a_corpus_brings_licences_of_sources_we_do_not_know(corpora: Path) -> None:
    (corpora / "licences.toml").write_text(OWN_LIST, encoding="utf-8")
    assert learned(corpora) == {"en_kathleen", "ru_nsh"}
    assert learned(corpora, "CC-BY-SA-*") == {"xx_strange"}
    (corpora / "licences.toml").write_text('released = ["CC-BY-SA-4.0"]\n' + OWN_LIST, encoding="utf-8")
    assert learned(corpora) == {"en_kathleen", "ru_nsh", "xx_strange"}


def test_a_corpus_cannot_change_what_we_know_of_a_source(corpora: Path) -> None:
    (corpora / "licences.toml").write_text(OWN_LIST, encoding="utf-8")
    known = licence_of("de_emodb", corpora)
    assert known is not None
    assert known.name == "none stated"
    assert not may_train("de_emodb", corpora)


def test_an_utterance_carries_its_licence(corpora: Path) -> None:
    (utterance,) = corpus.utterances(corpora, "train", sources=["en_k*"])
    assert utterance.licence is not None
    assert utterance.licence.name == "CC0-1.0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[source]\n", r"licences\.toml: not a TOML file"),
        ("released = " + "9" * 5000, r"licences\.toml: not a TOML file"),
        ("released = " + "[" * 5000, r"licences\.toml: not a TOML file"),
        ("released = 3\n", r"licences\.toml: released must be an array"),
        ("source = 3\n", r"licences\.toml: source must be an array of tables"),
        ("source = [3]\n", r"licences\.toml: source 1: must be a \[\[source\]\] table"),
        (OWN_LIST.replace('"train"', '"learn"'), r"source 1: use must be one of train, evaluate, hold-out"),
        (OWN_LIST.replace("credit", "thanks"), r"source 1: credit must be a text"),
        (OWN_LIST.replace("match", 'note = "x"\nmatch'), r"source 1: note is unknown; the fields are match"),
    ],
)
def test_a_damaged_list_of_licences_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "licences.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_list(tmp_path / "licences.toml")
