"""Label files of every format: the same labels come out of each, and damaged files are named in one line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mandible.errors import InputError
from mandible.models.annotations import registry, segments
from mandible.models.annotations.segments import Annotation, Request
from tests.models.label_files import (
    EVERY_FORMAT,
    MA,
    Row,
    audacity,
    festival,
    htk,
    long_textgrid,
    short_textgrid,
    timit,
)

WORDS: list[Row] = [(0.0, 0.12, ""), (0.12, 0.36, "ma"), (0.36, 0.48, "")]


def read(path: Path, content: str | bytes, tier: str | None = None, rate_hz: int = 16_000) -> Annotation:
    """Write a label file and read it."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return registry.read(Request(path, rate_hz, tier))


def rows(annotation: Annotation) -> list[Row]:
    """Return labels with times rounded to 0.1 ms."""
    return [(round(part.start_s, 4), round(part.end_s, 4), part.label) for part in annotation.segments]


@pytest.mark.parametrize("name", EVERY_FORMAT)
def test_every_format_gives_the_same_labels_and_times(tmp_path: Path, name: str) -> None:
    assert rows(read(tmp_path / name, EVERY_FORMAT[name])) == MA


@pytest.mark.parametrize("name", EVERY_FORMAT)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_unicode_with_its_mark_and_any_line_end_is_read(tmp_path: Path, name: str, encoding: str) -> None:
    content = EVERY_FORMAT[name].replace("\n", "\r\n").replace("aa1", "ɑː").encode(encoding)
    assert rows(read(tmp_path / name, content))[2] == (0.24, 0.36, "ɑː")


@pytest.mark.parametrize("name", EVERY_FORMAT)
def test_another_encoding_is_refused_with_the_remedy(tmp_path: Path, name: str) -> None:
    content = EVERY_FORMAT[name].replace("aa1", "ä").encode("latin-1")
    with pytest.raises(InputError, match=rf"{name}: byte \d+ is not UTF-8; save the file as UTF-8"):
        read(tmp_path / name, content)


def test_utf_16_without_its_mark_is_refused_with_the_remedy(tmp_path: Path) -> None:
    content = EVERY_FORMAT["htk.lab"].encode("utf-16-le")
    with pytest.raises(InputError, match="UTF-16 without its mark; save the file as UTF-8"):
        read(tmp_path / "a.lab", content)


def test_a_half_character_of_utf_16_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not UTF-16-LE"):
        read(tmp_path / "a.lab", EVERY_FORMAT["htk.lab"].encode("utf-16")[:-1])


@pytest.mark.parametrize("name", EVERY_FORMAT)
def test_an_empty_file_has_no_labels_and_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=name):
        read(tmp_path / name, "")


@pytest.mark.parametrize(
    "name_and_line",
    [
        *((name, "x" * 10_000_000) for name in EVERY_FORMAT if not name.endswith("TextGrid")),
        ("a.TextGrid", '"' + "x" * 10_000_000),
        ("a.TextGrid", '"' * 9_999_999),
        ("a.TextGrid", "7 " * 5_000_000),
    ],
    ids=lambda pair: f"{pair[0]}-{pair[1][:2]}",
)
def test_a_line_of_ten_megabytes_is_refused_in_a_moment_and_shown_short(
    tmp_path: Path, name_and_line: tuple[str, str]
) -> None:
    name, line = name_and_line
    before = EVERY_FORMAT.get(name, 'File type = "ooTextFile"\n')
    begun_s = time.process_time()
    with pytest.raises(InputError) as caught:
        read(tmp_path / name, before + line)
    assert len(str(caught.value)) < 300 + len(str(tmp_path))
    assert time.process_time() - begun_s < 5


def test_a_file_of_more_than_16_mib_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "a.lab").open("wb") as stream:
        stream.truncate(segments.MAX_BYTES + 1)
    with pytest.raises(InputError, match="larger than 16 MiB"):
        registry.read(Request(tmp_path / "a.lab", 16_000))


@pytest.mark.parametrize("time_s", ["nan", "inf", "-inf", "1e300", "-0.5"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.TextGrid", short_textgrid({"phones": MA}).replace("0.36\n", "{}\n")),
        ("a.TextGrid", long_textgrid({"phones": MA}).replace("xmax = 0.36 ", "xmax = {} ")),
        ("a.lab", festival(MA).replace("0.3600", "{}")),
        ("a.txt", audacity(MA).replace("0.360000", "{}")),
    ],
)
def test_times_that_are_none_are_named_with_their_line(
    tmp_path: Path, name: str, content: str, time_s: str
) -> None:
    with pytest.raises(InputError, match=rf"{name}:\d+: '{time_s}' (is no time|lies before the recording)"):
        read(tmp_path / name, content.replace("{}", time_s))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.phn", "0 100 h#\n100 x m\n", r"a\.phn:2: must be start and end in whole samples"),
        ("a.phn", "0 100 h#\n100 200\n", r"a\.phn:2: must be"),
        ("a.phn", "0 100 h#\n-5 200 m\n", r"a\.phn:2: must be"),
        ("a.phn", "0 100 h#\n200 100 m\n", r"a\.phn:2: 'm' ends before it starts"),
        (
            "a.lab",
            "0.0 0.5 sil\n",
            r"a\.lab:1: must be start and end in whole 100 ns.*; these look like seconds \(a Festival",
        ),
        ("a.lab", "we saw the sea\n", r"a\.lab:1: must be"),
        ("a.lab", "#\n0.5 121 m\n0.4 121 aa\n", r"a\.lab:3: 'aa' ends before it starts"),
        ("a.lab", "#\n0.5\n", r"a\.lab:2: must be end in seconds, colour and phone"),
        ("a.txt", "0.0 0.5 m\n", r"a\.txt:1: must be .* with tabs"),
        ("a.txt", "0,0\t0,5\tm\n", r"a\.txt:1: '0,0' must be a time; use a point, not a comma$"),
        ("a.txt", "x\t0.5\tm\n", r"a\.txt:1: 'x' must be a time$"),
        ("a.phn", "0.0 0.5 m\n", r"a\.phn:1: must be .*; these look like seconds$"),
        ("a.phn", "0 0,5 m\n", r"a\.phn:1: must be .*; these look like seconds$"),
        ("a.phn", "we saw the\n", r"a\.phn:1: must be .* and a phone$"),
        ("a.txt", "0.5\t0.5\tm\n", r"a\.txt: no label in it has a length"),
        ("a.csv", "0,1,m\n", r"a\.csv: no label file; its name must end in \.TextGrid, \.phn"),
    ],
)
def test_a_damaged_line_is_named_with_what_it_must_be(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path / name, content)


def test_times_of_timit_count_the_samples_of_the_recording(tmp_path: Path) -> None:
    assert rows(read(tmp_path / "a.phn", timit(MA, 8_000), rate_hz=8_000)) == MA


def test_of_a_label_with_its_neighbours_the_middle_counts(tmp_path: Path) -> None:
    content = "0 1000000 sil-m+aa -74.2\n1000000 2000000 m-aa+sil -60.1\n2000000 3000000 sil\n"
    assert [row[2] for row in rows(read(tmp_path / "a.lab", content))] == ["m", "aa", "sil"]


def test_a_festival_label_may_be_left_out_and_scores_are_passed_over(tmp_path: Path) -> None:
    content = "signal x\n#\n0.1 100\n0.2 100 m ; score 3\n0.3 100 ; score 4\n"
    assert [row[2] for row in rows(read(tmp_path / "a.lab", content))] == ["", "m", ""]


def test_the_frequencies_of_an_audacity_label_are_passed_over(tmp_path: Path) -> None:
    content = "0.0\t0.5\tm\n\\\t100.0\t4000.0\n0.5\t1.0\n"
    assert rows(read(tmp_path / "a.txt", content)) == [(0, 0.5, "m"), (0.5, 1.0, "")]


@pytest.mark.parametrize("form", [short_textgrid, long_textgrid])
@pytest.mark.parametrize("name", ["phones", "Phone", "segments", "MAU", "Anna - phones"])
def test_the_tier_of_phones_is_found_by_its_name_and_words_are_kept(tmp_path: Path, form, name: str) -> None:  # type: ignore[no-untyped-def]
    annotation = read(tmp_path / "a.TextGrid", form({"words": WORDS, name: MA}))
    assert rows(annotation) == MA
    assert annotation.text == "ma"


def test_a_textgrid_without_a_known_tier_gives_its_first(tmp_path: Path) -> None:
    assert rows(read(tmp_path / "a.TextGrid", short_textgrid({"x": MA, "y": WORDS}))) == MA


def test_a_tier_can_be_asked_for_and_a_wrong_name_lists_those_there_are(tmp_path: Path) -> None:
    content = short_textgrid({"phones": WORDS, "by hand": MA})
    assert rows(read(tmp_path / "a.TextGrid", content, tier="by hand")) == MA
    with pytest.raises(InputError, match="no interval tier 'mine'; there are phones, by hand"):
        read(tmp_path / "a.TextGrid", content, tier="mine")


def test_point_tiers_are_passed_over(tmp_path: Path) -> None:
    points = '"TextTier"\n"bells"\n0\n0.48\n2\n0.1\n"ding"\n0.3\n"dong"\n'
    content = short_textgrid({"phones": MA}).replace("<exists>\n1\n", "<exists>\n2\n" + points)
    assert rows(read(tmp_path / "a.TextGrid", content)) == MA
    only_points = content[: content.index('"IntervalTier"')].replace("<exists>\n2", "<exists>\n1")
    with pytest.raises(InputError, match="no interval tier; phones need"):
        read(tmp_path / "a.TextGrid", only_points)


@pytest.mark.parametrize("form", [short_textgrid, long_textgrid])
def test_quotes_line_ends_and_exclamation_marks_within_labels_stay(tmp_path: Path, form) -> None:  # type: ignore[no-untyped-def]
    odd: list[Row] = [(0, 0.1, 'say "m"'), (0.1, 0.2, "two\nlines"), (0.2, 0.3, "m! 7 <exists>")]
    assert [row[2] for row in rows(read(tmp_path / "a.TextGrid", form({"phones": odd})))] == [
        row[2] for row in odd
    ]


def test_remarks_in_a_textgrid_are_passed_over(tmp_path: Path) -> None:
    content = short_textgrid({"phones": MA}).replace("<exists>", '<exists> ! 5 "not this"')
    assert rows(read(tmp_path / "a.TextGrid", content)) == MA


def test_the_old_head_of_the_short_form_is_known_and_any_other_file_is_not(tmp_path: Path) -> None:
    content = short_textgrid({"phones": MA})
    old = content.replace('"ooTextFile"', '"ooTextFile short"').replace('Object class = "Tex', '"Tex')
    assert rows(read(tmp_path / "a.TextGrid", old)) == MA
    with pytest.raises(InputError, match='must begin with "ooTextFile" and "TextGrid"'):
        read(tmp_path / "a.TextGrid", content.replace('"TextGrid"', '"Pitch 1"'))
    with pytest.raises(InputError, match="the file ends within the header"):
        read(tmp_path / "a.TextGrid", "hello")


@pytest.mark.parametrize("form", [short_textgrid, long_textgrid])
def test_a_textgrid_cut_short_anywhere_is_refused(tmp_path: Path, form) -> None:  # type: ignore[no-untyped-def]
    content = form({"words": WORDS, "phones": MA})
    whole = content.rstrip()
    for length in range(0, len(whole), 7):
        with pytest.raises(InputError, match=r"a\.TextGrid:\d+: "):
            read(tmp_path / "a.TextGrid", whole[:length])


def test_a_textgrid_that_claims_a_billion_labels_is_refused_at_once(tmp_path: Path) -> None:
    content = short_textgrid({"phones": MA}).replace("\n4\n", "\n999999999\n")
    with pytest.raises(
        InputError, match=r"ends within item 5 of 999999999 in tier 'phones'; it is cut short"
    ):
        read(tmp_path / "a.TextGrid", content)
    with pytest.raises(InputError, match="must be a count in tier 1"):
        read(tmp_path / "a.TextGrid", content.replace("999999999", "4.5"))


LABELS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(str.strip)
WHOLE = st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 3_000), LABELS), min_size=1, max_size=12)


@given(WHOLE)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
def test_whatever_is_written_into_a_textgrid_comes_back(
    tmp_path: Path, drawn: list[tuple[int, int, str]]
) -> None:
    written: list[Row] = [(start / 1000, (start + length) / 1000, label) for start, length, label in drawn]
    for form in (short_textgrid, long_textgrid):
        assert rows(read(tmp_path / "a.TextGrid", form({"phones": written}))) == written


@given(st.sampled_from(sorted(EVERY_FORMAT)), st.binary(max_size=30), st.integers(0, 400), st.integers(0, 9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
def test_no_damage_ends_in_anything_but_labels_or_one_clear_line(
    tmp_path: Path, name: str, junk: bytes, place: int, cut: int
) -> None:
    content = EVERY_FORMAT[name].encode()
    found: tuple[segments.Segment, ...] = ()
    told = str(tmp_path / name)
    try:
        found = read(tmp_path / name, content[:place] + junk + content[place + cut :]).segments
    except InputError as error:
        told = str(error)
    assert str(tmp_path / name) in told
    assert all(0 <= part.start_s <= part.end_s for part in found)


def test_htk_times_are_exact_to_a_hundred_nanoseconds(tmp_path: Path) -> None:
    (part,) = read(tmp_path / "a.lab", htk([(0.0000001, 3599.9999999, "m")])).segments
    assert (part.start_s, part.end_s) == pytest.approx((1e-7, 3599.9999999), abs=1e-9)
