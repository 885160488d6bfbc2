"""A folder of recordings with labels beside them is a corpus: who speaks, what is kept for testing."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mandible.errors import InputError
from mandible.models import corpus
from mandible.models.label_options import LabelOptions
from mandible.models.labelled_folder import say_once, speaker_splits
from mandible.models.licences import OWN_LICENCE
from mandible.models.stress import with_stress
from mandible.models.targets import targets
from mandible.models.visemes import Viseme
from tests.models.label_files import EVERY_FORMAT, LABELS, MA, SOUND, record, short_textgrid, timit
from tests.models.tiny_corpus import spoken, write_wave


def test_recordings_and_labels_of_one_name_are_utterances(tmp_path: Path) -> None:
    record(tmp_path / "voice", "one", "two")
    first, second = corpus.everything(tmp_path / "voice")
    assert (first.name, second.name) == ("one", "two")
    assert (first.source, first.speaker, first.language, first.phoneset) == (
        "voice",
        "voice",
        "en",
        "arpabet",
    )
    assert first.phones == ("SIL", "M", "AA", "SIL")
    assert first.ends_s == pytest.approx([0.12, 0.24, 0.36, 0.48])
    assert np.array_equal(corpus.read_audio(first.path), spoken(SOUND))
    assert set(targets(first, 30, 0).viseme[14:24]) == {Viseme.PP}


@pytest.mark.parametrize("name", EVERY_FORMAT)
def test_any_format_of_labels_will_do(tmp_path: Path, name: str) -> None:
    record(tmp_path, "one", labels=EVERY_FORMAT[name], suffix=Path(name).suffix)
    (utterance,) = corpus.everything(tmp_path)
    assert utterance.phones == ("SIL", "M", "AA", "SIL")


@pytest.mark.parametrize("suffix", [".wav", ".WAV", ".flac", ".ogg"])
def test_recordings_of_any_rate_and_two_channels_are_heard_at_16_khz(tmp_path: Path, suffix: str) -> None:
    sound = np.repeat(np.repeat(spoken(SOUND) / 32768, 3)[:, None], 2, axis=1)
    soundfile.write(tmp_path / f"one{suffix}", sound, 48_000)
    (tmp_path / "one.phn").write_text(timit(MA, 48_000), encoding="utf-8")
    (utterance,) = corpus.everything(tmp_path)
    assert utterance.seconds == pytest.approx(0.48, abs=0.001)
    assert utterance.ends_s == pytest.approx([0.12, 0.24, 0.36, 0.48], abs=0.001)
    pcm = corpus.read_audio(utterance.path).astype(float)
    assert len(pcm) == pytest.approx(7680, abs=16)
    assert np.abs(pcm[2100:5600]).mean() > 1000 > 10 * np.abs(pcm[6500:]).mean()


def test_speakers_are_the_folders_own_subfolders(tmp_path: Path) -> None:
    record(tmp_path / "anna" / "monday", "one")
    record(tmp_path / "ben", "one")
    assert [(one.speaker, one.name) for one in corpus.everything(tmp_path)] == [
        ("anna", "anna/monday/one"),
        ("ben", "ben/one"),
    ]


def test_the_folder_says_how_deep_its_speakers_are(tmp_path: Path) -> None:
    record(tmp_path / "studio" / "anna", "one")
    record(tmp_path / "kitchen" / "anna" / "monday", "one")
    record(tmp_path / "kitchen", "one")
    record(tmp_path, "one")
    (tmp_path / "labels.toml").write_text("speaker_depth = 2\n", encoding="utf-8")
    assert [one.speaker for one in corpus.everything(tmp_path)] == [
        tmp_path.name,
        "kitchen",
        "kitchen/anna",
        "studio/anna",
    ]


@pytest.mark.parametrize("halves", [("TRAIN", "TEST"), ("train", "test")])
def test_people_of_timit_are_told_apart_once_the_folder_says_where_they_are(
    tmp_path: Path, halves: tuple[str, str]
) -> None:
    for half, person in zip(halves * 3, ("FA", "MB", "FC", "MD", "FE", "MF"), strict=True):
        record(tmp_path / half / "DR1" / person, "SA1", "SX2", labels=timit(MA), suffix=".PHN")
    with pytest.raises(InputError, match=r"this looks like TIMIT: say speaker_depth = 3 in labels\.toml"):
        corpus.everything(tmp_path)
    (tmp_path / "labels.toml").write_text("speaker_depth = 3\n", encoding="utf-8")
    read = corpus.everything(tmp_path)
    assert f"{halves[0]}/DR1/FA" in {one.speaker for one in read}
    assert len({one.speaker for one in read}) == len({(one.speaker, one.split) for one in read}) == 6
    (tmp_path / "labels.toml").write_text("speaker_depth = 1\n", encoding="utf-8")
    assert {one.speaker for one in corpus.everything(tmp_path)} == set(halves)


def test_of_a_few_speakers_every_twentieth_recording_is_kept_to_choose_with(tmp_path: Path) -> None:
    record(tmp_path, *(f"{number:02d}" for number in range(1, 46)))
    assert [one.name for one in corpus.utterances(tmp_path, "dev")] == ["20", "40"]
    assert len(corpus.utterances(tmp_path, "train")) == 43
    assert corpus.utterances(tmp_path, "test") == []


@pytest.mark.parametrize(("count", "dev"), [(1, []), (2, ["2"]), (7, ["7"])])
def test_of_few_recordings_the_last_is_kept_and_a_single_one_is_learned_from(
    tmp_path: Path, count: int, dev: list[str]
) -> None:
    record(tmp_path, *(str(number) for number in range(1, count + 1)))
    assert [one.name for one in corpus.utterances(tmp_path, "dev")] == dev
    assert len(corpus.utterances(tmp_path, ("train",))) == count - len(dev)


def test_five_speakers_are_split_so_that_nobody_is_on_both_sides(tmp_path: Path) -> None:
    for speaker in ("anna", "ben", "cleo", "dan", "eva"):
        record(tmp_path / speaker, "one", "two")
    read = corpus.everything(tmp_path)
    split_of = {one.speaker: one.split for one in read}
    assert Counter(split_of.values()) == {"train": 3, "dev": 1, "test": 1}
    assert all(split_of[one.speaker] == one.split for one in read)


def test_the_split_of_speakers_depends_on_their_names_alone_and_keeps_a_tenth() -> None:
    speakers = [f"speaker {number}" for number in range(60)]
    splits = speaker_splits(set(speakers))
    assert {name for name, split in splits.items() if split == "test"} == {
        "speaker 2",
        "speaker 15",
        "speaker 37",
        "speaker 50",
        "speaker 9",
        "speaker 17",
    }
    assert Counter(splits.values()) == {"train": 48, "dev": 6, "test": 6}


def test_own_recordings_may_be_learned_from_whatever_licences_are_asked_for(tmp_path: Path) -> None:
    record(tmp_path, "one", "two")
    assert len(corpus.utterances(tmp_path, ("train", "dev"), licences=["CC0-1.0"])) == 2
    assert corpus.everything(tmp_path)[0].licence == OWN_LICENCE


def test_arpabet_is_taken_for_english_and_of_ipa_nobody_knows(tmp_path: Path) -> None:
    record(tmp_path, "one", labels=LABELS.replace("aa1", "ɑː"))
    (utterance,) = corpus.everything(tmp_path)
    assert (utterance.language, utterance.phoneset, utterance.phones[2]) == ("und", "ipa", "ɑ")
    assert corpus.utterances(tmp_path, "train", languages=["en"]) == []
    assert len(corpus.utterances(tmp_path, "train", without_languages=["en"])) == 1


def test_the_words_of_a_textgrid_tell_stressed_ah_from_schwa(tmp_path: Path) -> None:
    above = [(0.0, 0.12, "AH"), (0.12, 0.24, "B"), (0.24, 0.36, "AH"), (0.36, 0.48, "V")]
    record(tmp_path, "one", labels=short_textgrid({"words": [(0.0, 0.48, "above")], "phones": above}))
    (utterance,) = corpus.everything(tmp_path)
    assert with_stress(utterance).phones == ("AH0", "B", "AH1", "V")


def test_a_program_can_choose_tier_and_phone_set(tmp_path: Path) -> None:
    record(tmp_path, "one", labels=short_textgrid({"phones": [(0.0, 0.48, "?")], "mine": MA}))
    (utterance,) = corpus.utterances(tmp_path, "train", labels=LabelOptions(tier="mine", phoneset="arpabet"))
    assert utterance.phones[1] == "M"
    with pytest.raises(InputError, match=r"one\.TextGrid:\d+: label '\?' is no phone"):
        corpus.utterances(tmp_path, "train")


def test_a_file_in_the_folder_says_how_its_labels_are_read_and_what_is_spoken(tmp_path: Path) -> None:
    record(tmp_path, "one", labels=short_textgrid({"phones": [(0.0, 0.48, "?")], "mine": MA}))
    (tmp_path / "labels.toml").write_text('tier = "mine"\nlanguage = "en-gb"\n', encoding="utf-8")
    (utterance,) = corpus.utterances(tmp_path, "train", languages=["en"])
    assert (utterance.phones[1], utterance.language) == ("M", "en-gb")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('teir = "mine"', r'labels\.toml: "teir" is unknown; did you mean tier\?'),
        ('"\\n" = 3', r"labels\.toml: .* is unknown; there are tier, phoneset, language, speaker_depth"),
        ("tier = 3", r"labels\.toml: tier must be a text in quotes, not 3"),
        ('phoneset = "sampa"', r'labels\.toml: phoneset "sampa" is unknown: use arpabet or ipa'),
        ('language = "German"', r'labels\.toml: language "German" must be a code such as de'),
        ("tier", r"labels\.toml: not a TOML file"),
        ("tier = " + "9" * 5000, r"labels\.toml: not a TOML file"),
        ("tier = " + "[" * 5000, r"labels\.toml: not a TOML file"),
        ("speaker_depth = 0", r"labels\.toml: speaker_depth must be a number from 1 to 8, not 0"),
        ("speaker_depth = 9", r"labels\.toml: speaker_depth must be a number from 1 to 8, not 9"),
        ("speaker_depth = true", r"labels\.toml: speaker_depth must be a number from 1 to 8, not true"),
        ('speaker_depth = "3"', r"labels\.toml: speaker_depth must be a number from 1 to 8"),
    ],
)
def test_a_slip_in_that_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    record(tmp_path, "one")
    (tmp_path / "labels.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        corpus.everything(tmp_path)


def test_times_win_over_a_transcript_of_the_same_name(tmp_path: Path) -> None:
    record(tmp_path, "one")
    (tmp_path / "one.txt").write_text("ma\n", encoding="utf-8")
    (tmp_path / "one.lab").write_text("ma\n", encoding="utf-8")
    assert len(corpus.everything(tmp_path)) == 1


def test_hidden_files_and_other_files_are_passed_over(tmp_path: Path) -> None:
    record(tmp_path, "one")
    shutil.copy(tmp_path / "one.wav", tmp_path / "._one.wav")
    shutil.copy(tmp_path / "one.TextGrid", tmp_path / "._one.TextGrid")
    record(tmp_path / ".trash", "two")
    (tmp_path / "README.txt").write_text("hello", encoding="utf-8")
    assert [one.name for one in corpus.everything(tmp_path)] == ["one"]


def test_a_message_is_said_once_however_often_the_folder_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say_once.cache_clear()
    record(tmp_path, "one")
    write_wave(tmp_path / "two.wav", spoken(SOUND))
    for split in corpus.SPLITS:
        corpus.utterances(tmp_path, split)
    assert capsys.readouterr().err.count("two.wav") == 1


def test_two_recordings_with_the_same_labels_are_refused(tmp_path: Path) -> None:
    record(tmp_path, "one")
    soundfile.write(tmp_path / "one.flac", spoken(SOUND), 16_000)
    with pytest.raises(InputError, match=r"one\.flac: one\.wav beside it has the same labels; keep one"):
        corpus.everything(tmp_path)


def test_damaged_labels_and_recordings_are_named(tmp_path: Path) -> None:
    record(tmp_path, "one", labels=LABELS[:-20])
    with pytest.raises(InputError, match=r"one\.TextGrid:\d+: .*cut short|never ends"):
        corpus.everything(tmp_path)
    record(tmp_path, "one")
    (tmp_path / "one.wav").write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"one\.wav: "):
        corpus.everything(tmp_path)


def test_a_folder_without_labelled_recordings_says_what_a_corpus_is(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"no speech/\*/utts\.csv .* no recording .* with a label file .*\.TextGrid, "
    ):
        corpus.everything(tmp_path)
    with pytest.raises(InputError, match=r"gone: no such folder; name a corpus directory or"):
        corpus.utterances(tmp_path / "gone", "train")
