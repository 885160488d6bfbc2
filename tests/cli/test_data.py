"""``mandible data``: its exit codes, its one line, its page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mandible.cli.main import main
from tests.cli.command import complaint, mandible, succeed
from tests.models.tiny_corpus import write_source

SPEECH = ["SIL", "M", "AA", "S", "IY", "SIL"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("corpus")
    write_source(directory, "en_kathleen", {"a": ("train", SPEECH), "b": ("dev", SPEECH)})
    return directory


def test_a_sound_corpus_is_described_and_passes(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(succeed("data", "check", corpus, "--json"))
    assert document["problems"] == []
    assert [row["split"] for row in document["rows"]] == ["dev", "train"]
    assert main(["data", "check", str(corpus)]) == 0
    text = capsys.readouterr().out
    assert "en_kathleen" in text
    assert "CC0-1.0" in text
    assert "phones" in text
    assert "arpabet" in text
    assert "warning: " in text


def test_a_problem_is_shown_and_fails_the_check(tmp_path: Path) -> None:
    folder = write_source(tmp_path, "en_kathleen", {"a": ("train", SPEECH), "b": ("dev", SPEECH)})
    (folder / "a.wav").unlink()
    done = mandible("data", "check", tmp_path)
    assert (done.returncode, done.stderr) == (1, b"")
    assert "problem: " in done.stdout.decode()
    assert "a.wav" in done.stdout.decode()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-o", "p.html", "--count", "0"), "--count 0: must be from 1 to 40"),
        (("-o", "p.html", "--count", "41"), "--count 41: must be from 1 to 40"),
        (("-o", "p.html", "--seed", "-1"), "--seed -1: must not be below 0"),
        (("-o", "nowhere/p.html"), "nowhere/p.html: must be a file in a folder that exists"),
        (("-o", "p.txt"), "p.txt: must end in .html"),
        (("-o", "."), ".: must be a file in a folder that exists"),
    ],
)
def test_a_wrong_option_is_told_before_any_work(
    corpus: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert main(["data", "preview", str(corpus), *words]) == 2
    assert capsys.readouterr().err.startswith(f"mandible: {message}")


def test_a_hostile_noise_index_is_one_clear_line(tmp_path: Path) -> None:
    write_source(tmp_path, "en_kathleen", {"a": ("train", SPEECH)})
    (tmp_path / "noise").mkdir()
    index = tmp_path / "noise" / "index.csv"
    index.write_text("file,source,licence\n../../../etc/passwd,x,CC0\n", encoding="utf-8")
    line = complaint(mandible("data", "preview", tmp_path, "-o", tmp_path / "p.html"), 2)
    assert f"{index}:2: file '../../../etc/passwd' must be a name" in line
    assert not (tmp_path / "p.html").exists()


@pytest.mark.parametrize("action", [("check",), ("preview", "-o", "p.html")])
def test_a_folder_without_speech_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], action: tuple[str, ...]
) -> None:
    name, *rest = action
    assert main(["data", name, str(tmp_path / "gone"), *rest]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert told[0].startswith(f"mandible: {tmp_path / 'gone'}: ")
