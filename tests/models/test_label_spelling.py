"""Labels as people spell them become phones of the tables, and their times become contiguous."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mandible.errors import InputError
from mandible.models.annotations.segments import Annotation, Segment
from mandible.models.annotations.spelling import phone_set, phones_of, spelt
from mandible.models.annotations.timeline import contiguous
from mandible.models.phones import parts_of, table
from mandible.models.visemes import Viseme

HERE = Path("a.TextGrid")


def labelled(*labels: str) -> Annotation:
    """Return labels of 100 ms each."""
    return Annotation(
        HERE, tuple(Segment(i / 10, (i + 1) / 10, label, i + 1) for i, label in enumerate(labels))
    )


def phones(phoneset: str, *labels: str) -> list[str]:
    """Return the phones that labels stand for."""
    return [part.label for part in phones_of(labelled(*labels), phoneset)]


@pytest.mark.parametrize(
    ("label", "phone"),
    [
        *(
            ("AA1", "AA"),
            ("aa", "AA"),
            ("Iy2", "IY"),
            ("AH0", "AH0"),
            ("ah1", "AH1"),
            ("AH2", "AH1"),
            ("AH", "AH"),
        ),
        *(
            ("ax", "AH0"),
            ("ax-h", "AH0"),
            ("axr", "ER"),
            ("ix", "IH"),
            ("ux", "UW"),
            ("dx", "D"),
            ("nx", "N"),
        ),
        *(("em", "M"), ("en", "N"), ("eng", "NG"), ("el", "L"), ("hv", "HH"), ("q", "HH"), ("zh", "ZH")),
        *(("h#", "SIL"), ("pau", "SIL"), ("epi", "SIL"), ("sp", "SIL"), ("", "SIL"), ("sil", "SIL")),
        *(("spn", "UNK"), ("SPN", "UNK"), ("+SPN+", "UNK"), ("M_B", "M"), ("AH0_I", "AH0"), (" t ", "T")),
    ],
)
def test_arpabet_in_any_case_with_stress_and_the_additions_of_timit_is_known(label: str, phone: str) -> None:
    assert phones("arpabet", label) == [phone]


@pytest.mark.parametrize(
    ("label", "spoken"),
    [
        *(("ˈaː", ["a"]), ("g", ["ɡ"]), ("t͡ʃ", ["tʃ"]), ("ʧ", ["tʃ"]), ("tʰ", ["t"]), ("dʲ", ["d"])),
        *(
            ("ã", ["a"]),
            ("n̩", ["n"]),
            ("ç", ["ç"]),
            ("c\u0327", ["ç"]),
            ("r̝", ["r̝"]),
            ("ə˞", ["ɚ"]),
            ("", ["sil"]),
        ),
        *(("aɪ", ["a", "ɪ"]), ("aj", ["a", "j"]), ("oʊ", ["o", "ʊ"]), ("p͡f", ["p", "f"]), ("a̯ɪ̯", ["a", "ɪ"])),
        *(("spn", ["UNK"]), ("<p:>", ["sil"]), ("ɝː", ["ɝ"]), ("e:", ["e"])),
    ],
)
def test_ipa_is_known_with_marks_tie_bars_diacritics_and_two_letters(label: str, spoken: list[str]) -> None:
    assert phones("ipa", label) == spoken


@pytest.mark.parametrize("phoneset", ["arpabet", "ipa"])
def test_every_phone_of_a_table_stands_for_itself(phoneset: str) -> None:
    assert [phones(phoneset, phone) for phone in table(phoneset)] == [[phone] for phone in table(phoneset)]


def test_a_diphthong_in_ipa_changes_after_60_percent_of_its_time() -> None:
    first, second = phones_of(labelled("aʊ"), "ipa")
    assert (first.end_s, second.start_s, second.end_s) == pytest.approx((0.06, 0.06, 0.1))


def test_a_closure_and_its_stop_are_one_phone_and_a_closure_alone_is_the_stop() -> None:
    assert phones("arpabet", "bcl", "b", "ae", "tcl", "ch", "kcl", "s", "dcl", "jh") == (
        ["B", "AE", "CH", "K", "S", "JH"]
    )
    stop = phones_of(labelled("bcl", "b"), "arpabet")[0]
    assert (stop.start_s, stop.end_s) == (0.0, 0.2)
    assert phones("arpabet", "b", "b") == ["B", "B"]


def test_the_glottal_stop_asks_nothing_of_the_mouth_and_noise_has_no_target() -> None:
    assert [parts_of("arpabet", phone)[0].viseme for phone in phones("arpabet", "q", "spn")] == [None, None]
    assert parts_of("ipa", phones("ipa", "spn")[0])[0].viseme is None
    assert parts_of("ipa", phones("ipa", "")[0])[0].viseme == Viseme.sil


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (["sil", "m", "aa1", "t"], "arpabet"),
        (["h#", "tcl", "t", "ix", "h#"], "arpabet"),
        (["sil", "m", "a", "t"], "ipa"),
        (["", "ʃ", "iː"], "ipa"),
        (["", "b", "ɚ", "d"], "ipa"),
    ],
)
def test_the_phone_set_is_found_from_all_labels_together(labels: list[str], found: str) -> None:
    assert phone_set([labelled(*labels)]) == found
    assert phone_set([labelled("s", "m"), labelled(*labels)]) == found


def test_a_label_of_no_phone_set_is_named_with_its_line_and_what_helps() -> None:
    with pytest.raises(InputError) as caught:
        phone_set([labelled("sil", "m", "AA"), labelled("sil", "hello", "m")])
    assert str(caught.value) == (
        "a.TextGrid:2: label 'hello' is no phone in ARPAbet or IPA; correct it, or name the tier or the"
        " phoneset in labels.toml"
    )
    with pytest.raises(InputError, match="label 'ʃ' is no phone in ARPAbet;"):
        phone_set([labelled("ʃ")], "arpabet")
    with pytest.raises(InputError, match="phone set 'sampa' is unknown: use arpabet or ipa"):
        phone_set([labelled("m")], "sampa")


def test_one_slip_does_not_turn_arpabet_into_ipa() -> None:
    labels = labelled("m", "ay", "aa", "er", "ax", "ð")
    with pytest.raises(InputError) as caught:
        phone_set([labels])
    assert str(caught.value) == (
        ".: looks like ARPAbet but for 'ð' (a.TextGrid:6); mend it, or say phoneset = \"ipa\" in labels.toml"
    )
    assert phone_set([labels], "ipa") == "ipa"
    assert phone_set([labelled("aj", "ð", "m", "ow", "ʃ", "s", "t", "p", "n", "d")]) == "ipa"


def test_labels_that_overlap_are_named_as_the_file_spells_them() -> None:
    parts = (Segment(0.0, 0.2, "bcl", 1), Segment(0.2, 0.5, "b", 2), Segment(0.4, 0.7, "ay", 3))
    phones = phones_of(Annotation(HERE, parts), "arpabet")
    with pytest.raises(InputError, match=r":3: 'ay' starts at .*, before 'bcl b' of line 1 ends"):
        contiguous(phones, 1.0, "SIL", HERE)


def test_a_label_of_a_million_letters_is_no_phone_and_shown_short() -> None:
    with pytest.raises(InputError) as caught:
        phone_set([labelled("a" * 1_000_000)])
    assert len(str(caught.value)) < 300


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["arpabet", "ipa"]), st.text(max_size=6))
def test_every_label_is_known_phones_or_unknown(phoneset: str, label: str) -> None:
    assert {spelling.phone for spelling in spelt(phoneset, label)} <= set(table(phoneset))


def line(*rows: tuple[float, float, str], seconds: float = 1.0) -> list[tuple[float, float, str]]:
    """Return contiguous labels, times rounded to 0.1 ms."""
    parts = [Segment(start_s, end_s, label, number) for number, (start_s, end_s, label) in enumerate(rows, 1)]
    told = contiguous(parts, seconds, "SIL", HERE)
    times = zip(told.starts_s, told.ends_s, told.phones, strict=True)
    return [(round(float(start_s), 4), round(float(end_s), 4), phone) for start_s, end_s, phone in times]


def test_gaps_become_silence_from_the_beginning_to_the_end() -> None:
    assert line((0.2, 0.3, "M"), (0.5, 0.6, "AA")) == (
        [(0, 0.2, "SIL"), (0.2, 0.3, "M"), (0.3, 0.5, "SIL"), (0.5, 0.6, "AA"), (0.6, 1, "SIL")]
    )


def test_times_that_miss_each_other_by_rounding_touch() -> None:
    assert line((0.003, 0.5, "M"), (0.497, 0.7, "AA"), (0.704, 0.998, "M")) == (
        [(0, 0.497, "M"), (0.497, 0.704, "AA"), (0.704, 1, "M")]
    )


def test_labels_that_overlap_are_named_with_both_lines() -> None:
    with pytest.raises(InputError) as caught:
        line((0.0, 0.5, "M"), (0.4, 0.7, "AA"))
    assert str(caught.value) == (
        "a.TextGrid:2: 'AA' starts at 0.400 s, before 'M' of line 1 ends at 0.500 s; labels must not overlap"
    )


def test_labels_after_the_end_of_the_recording_are_cut_off_and_told() -> None:
    assert line((0, 0.9, "M"), (0.9, 1.5, "AA"), (1.5, 2, "M")) == [(0, 0.9, "M"), (0.9, 1, "AA")]
    parts = [Segment(0, 0.9, "M", 1), Segment(0.9, 1.5, "AA", 2)]
    assert contiguous(parts, 1.0, "SIL", HERE).clipped_s == pytest.approx(0.5)
    assert contiguous(parts, 2.0, "SIL", HERE).clipped_s == 0


def test_points_take_no_time_and_labels_of_another_recording_are_refused() -> None:
    assert line((0, 0.5, "M"), (0.5, 0.5, "T"), (0.5, 1, "AA")) == [(0, 0.5, "M"), (0.5, 1, "AA")]
    with pytest.raises(InputError, match=r"no phone lies within the 1\.000 s of the recording"):
        line((3, 4, "M"))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 0.2), st.floats(0, 0.3)), min_size=1, max_size=20),
    st.floats(0.25, 3.0),
)
def test_the_line_always_covers_the_recording_without_a_gap(
    drawn: list[tuple[float, float]], seconds: float
) -> None:
    parts, reached_s = [], 0.0
    for number, (gap_s, length_s) in enumerate([(0.0, 0.1), *drawn], start=1):
        parts.append(Segment(reached_s + gap_s, reached_s + gap_s + length_s, "M", number))
        reached_s += gap_s + length_s
    told = contiguous(parts, seconds, "SIL", HERE)
    assert told.starts_s[0] == 0
    assert told.ends_s[-1] == seconds
    assert np.array_equal(told.starts_s[1:], told.ends_s[:-1])
    assert np.all(told.ends_s >= told.starts_s)
    assert len(told.phones) == len(told.starts_s)
