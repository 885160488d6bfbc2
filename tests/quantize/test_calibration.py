"""Speech to calibrate with: any folder, bounded, seeded, and never what is measured on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.quantize import calibration, float_model
from tests.engines.hops import SAMPLE
from tests.models.tiny_corpus import PHONE_S, spoken, write_source, write_wave

TONES = ["SIL", "M", "AA", "S", "AA", "M", "SIL", "IY"] * 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six recordings without labels, one at another rate, one in a subfolder, beside a text file."""
    place = tmp_path / "wavs"
    (place / "more").mkdir(parents=True)
    for number in range(5):
        write_wave(place / f"{number}.wav", spoken(TONES[number:]), 44_100 if number == 3 else 16_000)
    shutil.copy(SAMPLE, place / "more" / "puppet.wav")
    (place / "README.txt").write_text("about\n")
    return place


def test_a_plain_folder_gives_pieces_and_keeps_a_recording_apart(folder: Path) -> None:
    speech = calibration.gather(folder)
    assert speech.pieces.shape == (calibration.PIECES, calibration.PIECE_HOPS, 40)
    assert speech.described["recordings"] == 5
    assert (len(speech.held), speech.labelled) == (1, ())


def test_the_seed_decides_what_is_taken(folder: Path) -> None:
    one, again, other = (calibration.gather(folder, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.pieces, again.pieces)
    assert not np.array_equal(one.pieces, other.pieces)


def test_every_second_piece_is_louder_or_softer(folder: Path) -> None:
    mels = calibration.gather(folder).pieces
    levels = mels.astype(int).mean(axis=(1, 2))
    assert np.std(levels[1::2]) > np.std(levels[::2])


def test_of_a_single_recording_the_end_is_kept_apart(tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / "one.wav")
    speech = calibration.gather(tmp_path)
    (held,) = speech.held
    hops = round(speech.described["seconds"] * 100)
    assert len(held) == pytest.approx(hops / 4, abs=1)


def test_a_corpus_calibrates_on_what_is_learned_and_measures_on_the_rest(tmp_path: Path) -> None:
    phones = {f"utt{number}": ("train" if number else "dev", TONES) for number in range(3)}
    write_source(tmp_path, "en_kathleen", phones)
    speech = calibration.gather(tmp_path)
    assert speech.described["recordings"] == 2
    assert [one.name for one in speech.labelled] == ["utt0"]
    assert len(speech.held) == 1
    model = float_model.load("nano")
    share = calibration.accuracy(model, model.run, speech)
    assert 0 <= share <= 100


def test_a_labelled_folder_is_measured_with_its_labels(tmp_path: Path) -> None:
    rows = [f"{n * PHONE_S:.2f}\t{(n + 1) * PHONE_S:.2f}\t{phone}\n" for n, phone in enumerate(TONES)]
    for name in ("one", "two"):
        write_wave(tmp_path / f"{name}.wav", spoken(TONES))
        (tmp_path / f"{name}.txt").write_text("".join(rows), encoding="utf-8")
    assert len(calibration.gather(tmp_path).labelled) == 1


def test_agreement_with_itself_is_complete(folder: Path) -> None:
    model = float_model.load("nano")
    assert calibration.accuracy(model, model.run, calibration.gather(folder)) == 100


def test_how_much_is_read_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MOST_SECONDS", 4.0)
    assert calibration.gather(folder).described["seconds"] == 4.0
    monkeypatch.setattr(calibration, "_MOST_LISTED", 3)
    with pytest.raises(InputError, match="more than 3 files"):
        calibration.gather(folder)


def test_too_little_speech_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder; give a corpus directory"):
        calibration.gather(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no recording"):
        calibration.gather(tmp_path)
    write_wave(tmp_path / "short.wav", spoken(["AA"] * 8))
    with pytest.raises(InputError, match=r"too little speech.* at least 3 s are needed; add recordings"):
        calibration.gather(tmp_path)
    write_wave(tmp_path / "silent.wav", np.zeros(16_000 * 20, np.int16))
    with pytest.raises(InputError, match="that is not silent"):
        calibration.gather(tmp_path)


def test_a_file_instead_of_a_folder_and_a_corpus_of_unknown_sources_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a file; give a corpus directory"):
        calibration.gather(SAMPLE)
    write_source(tmp_path, "tones", {f"u{i}": ("train", ["AA", "S"] * 20) for i in range(4)})
    with pytest.raises(InputError, match=r"no recording to calibrate with is found in it; see .*data check"):
        calibration.gather(tmp_path)


def test_a_damaged_recording_is_named(folder: Path) -> None:
    (folder / "0.wav").write_bytes(b"RIFFxxxxWAVEjunk")
    with pytest.raises(InputError, match=r"0\.wav"):
        calibration.gather(folder)
