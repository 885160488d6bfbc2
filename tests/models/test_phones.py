"""The phone tables: complete, valid, and read with clear errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.errors import InputError
from mandible.models.phones import COLUMNS, accepted, jaw_of_viseme, parts_of, read_table, table, visemes_of
from mandible.models.visemes import Viseme

ARPABET_39 = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
)


def test_the_arpabet_table_holds_exactly_the_39_phones_two_kinds_of_ah_silence_and_unknown() -> None:
    assert set(table("arpabet")) == {*ARPABET_39.split(), "AH0", "AH1", "SIL", "UNK"}


@pytest.mark.parametrize("phoneset", ["arpabet", "ipa"])
def test_every_viseme_can_be_reached(phoneset: str) -> None:
    reached = {viseme for phone in table(phoneset) for viseme, _ in visemes_of(phoneset, phone)}
    assert reached == set(Viseme)


def test_a_diphthong_is_two_parts_of_60_and_40_percent() -> None:
    assert visemes_of("arpabet", "OY") == ((Viseme.oh, 0.6), (Viseme.ih, 0.4))


def test_the_vowel_of_cut_may_look_like_two_visemes() -> None:
    assert accepted("arpabet", "AH") == (frozenset({Viseme.aa, Viseme.E}),)


@pytest.mark.parametrize(("phoneset", "phone"), [("arpabet", "HH"), ("ipa", "h"), ("ipa", "ʔ")])
def test_sounds_of_the_throat_ask_nothing_of_the_mouth(phoneset: str, phone: str) -> None:
    assert visemes_of(phoneset, phone) == ()


@pytest.mark.parametrize("phone", ["p", "b", "m"])
def test_both_tables_close_the_lips_for_p_b_m(phone: str) -> None:
    assert visemes_of("ipa", phone) == visemes_of("arpabet", phone.upper()) == ((Viseme.PP, 1.0),)


def test_stress_and_length_are_ignored() -> None:
    assert visemes_of("arpabet", "AA1") == visemes_of("arpabet", "AA")
    assert visemes_of("ipa", "ˈaː") == visemes_of("ipa", "a")


@pytest.mark.parametrize(("arpabet", "ipa"), [("AH0", "ə"), ("AH1", "ʌ"), ("AH2", "ʌ"), ("ah0", "ə")])
def test_ah_with_a_stress_digit_shows_what_its_sound_shows_in_other_languages(arpabet: str, ipa: str) -> None:
    assert parts_of("arpabet", arpabet) == parts_of("ipa", ipa)


def test_lips_that_meet_leave_the_jaw_closed() -> None:
    assert [part.jaw for phone in "PBM" for part in parts_of("arpabet", phone)] == [0, 0, 0]
    assert jaw_of_viseme()[Viseme.PP] == 0
    assert jaw_of_viseme()[Viseme.aa] == 1


def test_an_unknown_phone_is_named_with_its_place_and_the_table() -> None:
    with pytest.raises(InputError, match=r"en_x/utt1: phone 'QQ' is not in the arpabet table.*arpabet\.csv"):
        parts_of("arpabet", "QQ", "en_x/utt1")


def test_an_unknown_phone_set_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="use arpabet or ipa"):
        parts_of("sampa", "a")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,1,100,ah,,50,", r":2: viseme 'ah' must come from sil PP"),
        ("a,1,100,aa,zz,50,", r":2: accepted 'zz' must come from"),
        ("a,1,100,aa E,,50,", r":2: viseme 'aa E' must be one viseme"),
        ("a,1,101,aa,,50,", r":2: share_percent '101' must be a whole number"),
        ("a,1,100,aa,,wide,", r":2: jaw_percent 'wide' must be"),
        ("a,2,100,aa,,50,", r":2: part '2' must be 1"),
        ("a,1,60,aa,,50,", r"the shares of 'a' must add up to 100"),
        ("a,1,100,aa", r":2: the row must have 7 columns"),
    ],
)
def test_a_damaged_row_is_named_with_file_line_and_fix(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "phones.csv"
    path.write_text(f"{','.join(COLUMNS)}\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_table(path)
    assert str(path) in str(caught.value)


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "phones.csv"
    path.write_text("phone,viseme\na,aa\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"phones\.csv:1: the columns must be phone,part"):
        read_table(path)
