"""``mandible eval`` from end to end, on a corpus of tones and of the sample sentence."""

from __future__ import annotations

import csv
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mandible.cli.main import main
from mandible.device.frontend import log_mel
from mandible.models import corpus, evaluate
from mandible.models.evaluation import measure, sets, subjects, table
from mandible.models.scoring import score_track
from mandible.models.visemes import VISEME_NAMES, Viseme
from tests.models.golden_scores.make_golden import FOLDER, read_phones, read_track
from tests.models.tiny_corpus import spoken, write_source, write_wave

SAMPLE = Path(__file__).parents[2] / "samples" / "puppet.wav"
WORDS = ["SIL", "M", "AA", "S", "M", "IY", "UW", "SIL", "SIL"] * 2
LOOKAHEAD_MS = 30


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """A corpus of two sources, with noise."""
    members = {"one": ("test", WORDS), "two": ("test", WORDS[::-1]), "three": ("dev", WORDS)}
    write_source(tmp_path, "en_x", members)
    write_source(tmp_path, "en_librispeech", {"four": ("test", WORDS), "five": ("test", WORDS[3:])})
    noise = tmp_path / "noise"
    noise.mkdir()
    rng = np.random.default_rng(1)
    for name, licence in (("heard", "CC0"), ("unheard", "CC BY-SA 3.0")):
        write_wave(noise / f"{name}.wav", rng.normal(0, 900, 8000).astype(np.int16))
        with (noise / "index.csv").open("a", encoding="utf-8") as stream:
            if stream.tell() == 0:
                stream.write("file,source,licence\n")
            stream.write(f"{name}.wav,nobody,{licence}\n")
    return tmp_path


def knows_the_tones(mels: np.ndarray) -> np.ndarray:
    """A network that names the tone it hears, as late as its lookahead says."""
    phones = {"M": Viseme.PP, "AA": Viseme.aa, "S": Viseme.SS, "UW": Viseme.ou, "IY": Viseme.ih}
    band = {int(log_mel(spoken([phone]))[5].argmax()): viseme for phone, viseme in phones.items()}
    logits = np.zeros((len(mels), 15))
    for hop in range(len(mels)):
        heard = mels[max(0, hop - LOOKAHEAD_MS // 10)]
        nearest = min(band, key=lambda centre: abs(centre - int(heard.argmax())))
        logits[hop, band[nearest] if heard.max() > 0 else Viseme.sil] = 10
    return logits


def run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, object]:
    assert main(["eval", *map(str, words), "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_the_decoded_row_is_the_score_of_the_track_a_user_gets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_source(tmp_path, "en_puppet", {"puppet": ("test", ["SIL"])})
    shutil.copy(SAMPLE, folder / "puppet.wav")
    phones = read_phones(FOLDER / "puppet.phones.csv")
    (folder / "labels.csv.gz").unlink()
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("utt", "start_s", "end_s", "phone"))
        writer.writerows(("puppet", *phone) for phone in phones)
    measured = run(capsys, "small", "--corpus", tmp_path)["models"][0]["sets"]["en_puppet"]
    track = tmp_path / "puppet.csv"
    assert main(["bake", str(SAMPLE), "-o", str(track), "--model", "small"]) == 0
    expected = score_track(phones, read_track(track))
    assert measured["decoded"]["figures"] == pytest.approx(expected, abs=2e-4, nan_ok=True)


def test_a_network_is_aligned_with_the_sound_it_hears_and_its_lateness_told_apart(tones: Path) -> None:
    utterances = sets.chosen(tones, ["en_x"])
    subject = subjects.of_network(knows_the_tones, LOOKAHEAD_MS)
    heard = measure.hear([subject], tones, utterances, measure.Plan())[0, "en_x", None]
    for way in ("argmax", "decoded"):
        figures = heard.score(way, measure.Plan(draws=0)).figures
        assert figures["accuracy"] > 0.9, way
        assert figures["accuracy_forgiving"] > 0.97, way
        assert figures["bilabial_recall"] == 1, way
        assert abs(figures["best_shift_ms"]) <= 10, way
        # 30 ms of lookahead, half a window, half a hop; the rest is the hop grid.
        assert heard.lateness_ms(way) == figures["best_shift_ms"] + 50, way


def test_json_says_everything(tones: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = run(
        capsys,
        "small",
        "--corpus",
        tones,
        "--set",
        "en_*",
        "--snr",
        "10,0",
        "--by",
        "seconds",
        "--draws",
        "20",
    )
    assert set(document) == {
        "format", "version", "draws", "seed", "snrs_db", "models", "corpus", "split", "by",
    }  # fmt: skip
    assert (document["format"], document["version"]) == ("mandible-evaluation", 1)
    (model,) = document["models"]
    assert set(model) == {"name", "sha256", "lookahead_ms", "engine", "sets"}
    assert list(model["sets"]) == ["en_librispeech", "en_x"]
    measured = model["sets"]["en_librispeech"]
    about = {"utterances", "speakers", "units", "seconds", "lateness_ms", "argmax", "decoded"}
    assert set(measured) == about | {"noise", "by"}
    assert set(measured["noise"]) == {"10", "0"}
    assert set(measured["noise"]["10"]) == about
    assert set(measured["by"]) == {"2.160", "1.800"}
    row = measured["decoded"]
    assert set(row) == {"figures", "intervals", "per_class", "sums"}
    assert set(evaluate.CARD_FIGURES) <= set(row["figures"])
    assert set(row["intervals"]) <= set(row["figures"])
    assert list(row["per_class"]) == list(VISEME_NAMES)
    confusion = np.array(row["sums"]["viseme_confusion"])
    assert np.trace(confusion) / confusion.sum() == pytest.approx(row["figures"]["accuracy"], abs=1e-4)


def test_measuring_again_gives_the_same(tones: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("small", "--corpus", tones, "--set", "en_x", "--snr", "5", "--draws", "50")
    assert run(capsys, *words) == run(capsys, *words)


def test_noise_is_as_loud_as_asked_for_and_none_that_training_heard(tones: Path) -> None:
    from mandible.models.evaluation.noise import Noises
    from mandible.models.evaluation.tracks import reference_of

    noises = Noises(tones, seed=1)
    assert noises.names == ["unheard.wav"]
    (one, _) = sets.chosen(tones, ["en_x"])["en_x"]
    pcm, reference = corpus.read_audio(one.path), reference_of(one)
    spoken_samples = np.repeat(~reference.silent, 160)
    for snr_db in (20.0, 0.0):
        mixed = noises.mixed(one, pcm, reference, snr_db)
        added = mixed.astype(np.float64) - pcm
        speech = pcm.astype(np.float64)[spoken_samples]
        ratio_db = 10 * np.log10(np.mean(speech**2) / np.mean(added**2))
        assert ratio_db == pytest.approx(snr_db, abs=0.3)
        assert np.array_equal(mixed, noises.mixed(one, pcm, reference, snr_db))
    assert not np.array_equal(mixed, Noises(tones, seed=2).mixed(one, pcm, reference, 0.0))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_needs_nothing_beside_it(
    tones: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    other = shutil.copy(subjects.released.resolve("small").path, tmp_path / "a<b.tflite")
    words = ["eval", "small", str(other), "--corpus", str(tones), "--set", "en_x", "--snr", "10"]
    assert main([*words, "--by", "speaker", "--draws", "10", "--html", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    tags = _Tags()
    tags.feed(text)
    kinds = [tag for tag, _ in tags.found]
    assert not {"script", "link", "img", "iframe"} & set(kinds)
    assert not [attributes for _, attributes in tags.found if {"src", "href"} & set(attributes)]
    # Per model a bar chart and a confusion matrix; one noise curve, one sentence.
    assert kinds.count("svg") == 6
    assert "a&lt;b" in text
    assert "<b.tflite" not in text
    assert "<th>speaker</th>" in text
    # Two recordings of one speaker tell no interval.
    assert "bars, with intervals" not in text
    printed = capsys.readouterr().out
    assert printed.startswith("en_x")
    assert "±" not in printed.replace(table.NOTE[:1], "", 1)
    assert "en_x: 2 recordings of 1 speaker" in printed
    assert "accuracy in noise" in printed
    assert "a<b" in printed


@pytest.mark.parametrize(("units", "cell"), [(5, "0.750 ±.050"), (4, "0.750")])
def test_fewer_than_five_speakers_tell_no_interval(units: int, cell: str) -> None:
    row = {"figures": {"accuracy": 0.75}, "intervals": {"accuracy": [0.7, 0.8]}}
    assert table.with_interval(row, table.COLUMNS[0], units) == cell


def test_a_card_gets_figures_intervals_recall_and_noise(tones: Path) -> None:
    calls: list[int] = []
    path = subjects.released.resolve("small").path
    card = evaluate.card_metrics(path, tones, LOOKAHEAD_MS, progress=calls.append)
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert list(card) == ["librispeech_test"]
    measured = card["librispeech_test"]
    assert list(measured["noise"]) == ["20", "10", "5"]
    for way in (measured["argmax"], measured["decoded"], measured["noise"]["5"]["decoded"]):
        assert list(way["figures"]) == list(evaluate.CARD_FIGURES)
        assert len(way["intervals"]["accuracy"]) == 2
        assert list(way["recall"]) == list(VISEME_NAMES)
    assert sum(calls) == 2 * 4


def test_a_bare_network_gets_a_card_too(tones: Path) -> None:
    card = evaluate.card_metrics(knows_the_tones, tones, LOOKAHEAD_MS)
    assert card["librispeech_test"]["argmax"]["figures"]["accuracy"] > 0.9


def test_a_folder_of_labelled_recordings_is_a_corpus_too(tmp_path: Path) -> None:
    voice = tmp_path / "mine"
    voice.mkdir()
    write_wave(voice / "one.wav", spoken(["SIL", "M", "AA", "SIL"]))
    rows = [("0", "0.12", "SIL"), ("0.12", "0.24", "M"), ("0.24", "0.36", "AA1"), ("0.36", "0.48", "SIL")]
    (voice / "one.txt").write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    found = sets.chosen(voice, split="all")
    assert sum(map(len, found.values())) == 1
    assert [set(values.values()) for values in sets.column(voice, found, "split").values()]


BAD = [
    (["smal"], "model 'smal' is neither a released model"),
    (["small", "small"], 'model "small" is given twice'),
    (["small", "--set", "en_y"], 'no such source in .*; it has en_librispeech, en_x'),
    (["small", "--split", "tset"], '--split "tset": must be one of train, dev, test, all'),
    (["small", "--set", "en_librispeech", "--split", "dev"], r"no recordings of split dev \(2 of test\)"),
    (["small", "--split", "train"], r"no recordings of split train \(4 of test, 1 of dev\)"),
    (["small", "--by", "age"], '--by "age": .*utts.csv has no such column; it has utt, file, speaker'),
    (["small", "--snr", "loud"], '--snr "loud": give numbers from -20 to 60 dB'),
    (["small", "--snr", "nan"], '--snr "nan": give numbers'),
    (["small", "--snr", "10,99"], '--snr "99": give numbers'),
    (["small", "--draws", "-1"], "--draws -1: give a number from 0 on"),
    (["small", "--seed", "-1"], "--seed -1: give a number from 0 on"),
    (["small", "--engine", "steam"], "steam"),
    (["small", "--html", "nowhere/page.html"], "there is no folder nowhere"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "message"), BAD, ids=[" ".join(words) for words, _ in BAD])
def test_a_wrong_word_is_one_line(
    tones: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["eval", *words, "--corpus", str(tones)]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    (line,) = error.strip().splitlines()
    assert re.search(message, line), line


def test_noise_without_recordings_is_one_line(tones: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tones / "noise" / "index.csv").unlink()
    assert main(["eval", "small", "--corpus", str(tones), "--snr", "10"]) == 2
    assert (
        "index.csv is missing or empty; without noise recordings, leave --snr out" in capsys.readouterr().err
    )


def test_a_place_without_speech_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "small", "--corpus", str(tmp_path / "nothing")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_an_unknown_phone_names_the_recording(tones: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tones / "speech" / "en_x"
    (folder / "labels.csv.gz").unlink()
    labels = ["utt,start_s,end_s,phone", "one,0,2,XQ", "two,0,2,AA", "three,0,2,AA"]
    (folder / "labels.csv").write_text("\n".join(labels) + "\n", encoding="utf-8")
    assert main(["eval", "small", "--corpus", str(tones), "--set", "en_x"]) == 2
    assert "en_x/one: phone" in capsys.readouterr().err
