"""Wrong words and tolerance files on the command line of ``mandible parity`` are one line each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mandible.cli.main import main
from tests.parity.reports import FEW, engines, report

BAD = [
    (["nowhere"], "neither a released model"),
    (["nano", "--against", "gpu"], '--against "gpu": choose all, or some of float, sequence'),
    (["nano", "--against", ","], '--against ",": choose all'),
    (["nano", "--hops", "-1"], "--hops -1: give a number from 0 on"),
    (["nano", "--random-hops", "1000001"], "--random-hops 1000001: at most 1000000"),
    (["nano", "--html", "nowhere/page.html"], "there is no folder nowhere"),
    (["nano", "--recordings", "0"], "--recordings 0: give a number from 1 on"),
    (["nano", "--set", "en_x"], "--set chooses sources of a corpus; give one with --corpus"),
    (["nano", "--speech", "nowhere.wav"], "--speech nowhere.wav: no WAV file"),
    (["nano", "--corpus", "nowhere"], "nowhere"),
    (["nano", "--float", "nowhere"], "nowhere: no such model"),
    (["nano", "--float", "small"], "not the float model that the int8 one was made of"),
    (["nano", "--float", "small-50ms"], "its lookahead is 50 ms and that of nano 30 ms"),
    (["nano", "--tolerance", "max_lbs=3"], "max_lbs: no such tolerance; did you mean max_lsb?"),
    (["nano", "--tolerance", "max_lsb=3.5"], "max_lsb: 3.5 must be a whole number from 0 on"),
    (["nano", "--tolerance", "max_lsb="], 'max_lsb: "" must be a whole number'),
    (["nano", "--tolerance", "lost_points=nan"], "lost_points: nan must be a number from 0 on"),
    (["nano", "--tolerance", "argmax_agreement=97"], "argmax_agreement: 97 must be a number from 0 to 1"),
    (["nano", "--tolerance", "nowhere.toml"], "nowhere.toml: no such file"),
]


@pytest.mark.parametrize(("words", "message"), BAD, ids=[" ".join(words) for words, _ in BAD])
def test_a_wrong_word_is_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", *words, "--against", "c"] if "--against" not in words else ["parity", *words]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    (line,) = error.strip().splitlines()
    assert re.search(message, line), line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[exact", "not a readable TOML file"),
        ("max_lsb = 3", r"max_lsb: put it under one of \[exact\], \[fast\], \[accuracy\]"),
        ("[fats]\nmax_lsb = 3", r"\[fats\] is unknown; use exact, fast, accuracy or models.NAME"),
        ("[fast]\nmax_lsb = true", "fast.max_lsb: true must be a whole number"),
        ("[fast]\nmax_lsb = -1", "fast.max_lsb: -1 must be a whole number from 0 on"),
        ("[fast]\nargmax_agree = 0.9", "argmax_agree: no such tolerance; did you mean argmax_agreement"),
        ("[accuracy]\nlost_points = inf", "lost_points: inf must be a number"),
        ("models = 3", "models must be a table of models"),
        ("[models.base]\nmax = 3", "models.base.max: no such tolerance"),
    ],
)
def test_a_wrong_tolerance_file_is_one_line(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert main(["parity", "nano", "--against", "c", "--tolerance", str(path)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"mandible: {path}: ")
    assert re.search(message, line), line


def test_a_tolerance_file_replaces_what_it_names_for_the_models_it_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[fast]\nmax_lsb = 0\n[models.nano]\nmax_lsb_noise = 9\n[models.base]\nlost_points = 7\n")
    document = report(capsys, 1, "nano", "--against", "litert", *FEW, "--tolerance", path)
    assert document["tolerances"] == {
        "bytes_differing": 0, "max_lsb": 0, "max_lsb_noise": 9, "argmax_agreement": 0.97,
        "argmax_agreement_noise": 0.97, "lost_points": 0.5,
    }  # fmt: skip
    assert re.search(
        r"logits differ by \d steps on speech, at most 0", engines(document)["litert"]["reasons"][0]
    )
