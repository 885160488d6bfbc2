"""Where reports are written: refused before the work, whole or not at all, and never over a pipe."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from mandible.cli import eval as verb
from mandible.cli.main import main
from mandible.errors import InputError
from mandible.models import card, evaluate, page, preview, released
from tests.models.tiny_corpus import write_source

SPEECH = ["SIL", "M", "AA", "S", "IY", "SIL"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_source(tmp_path / "corpus", "en_x", {"one": ("test", SPEECH), "two": ("test", SPEECH[1:])})
    return tmp_path / "corpus"


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.parametrize("make", [pipe, folder])
@pytest.mark.parametrize("words", [("eval", "small", "--corpus"), ("data", "preview")])
def test_a_page_in_the_place_of_something_else_is_refused_before_the_work(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    make,  # type: ignore[no-untyped-def]
    words: tuple[str, ...],
) -> None:
    monkeypatch.setattr(
        evaluate, "evaluation", lambda *_: pytest.fail("measured before the page was looked at")
    )
    monkeypatch.setattr(preview, "preview", lambda *_: pytest.fail("worked before the page was looked at"))
    target = make(tmp_path / "page.html")
    kind = stat.S_IFMT(target.stat().st_mode)
    assert main([*words, str(corpus), "--html" if words[0] == "eval" else "-o", str(target)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"{target}: " in line
    assert stat.S_IFMT(target.stat().st_mode) == kind
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "page.html"]


def test_figures_are_printed_even_when_the_page_cannot_be_written(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise InputError("page.html: cannot be written: No space left on device")

    monkeypatch.setattr(verb.page, "write", full)
    words = ["eval", "small", "--corpus", str(corpus), "--draws", "0", "--html", str(tmp_path / "page.html")]
    assert main(words) == 2
    told = capsys.readouterr()
    assert "en_x: 2 recordings" in told.out
    assert "No space left" in told.err


@pytest.mark.parametrize("make", [pipe, folder])
def test_a_page_and_a_card_replace_files_only_and_leave_nothing_half(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    target = make(tmp_path / "page.html")
    with pytest.raises(InputError, match=r"page\.html: cannot be written: not a regular file"):
        page.write(target, "title", "lead", "body")
    model = Path(shutil.copy(released.resolve("small").path, tmp_path / "mine.tflite"))
    make(released.card_path(model))
    with pytest.raises(InputError, match="cannot be written: not a regular file"):
        card.write(model, "mine", {})
    assert len(list(tmp_path.iterdir())) == 3


def test_half_a_character_in_a_name_does_not_stop_a_page(tmp_path: Path) -> None:
    page.write(tmp_path / "page.html", "a\udc80b", "lead", "body")
    assert "a\\udc80b" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_names_from_a_corpus_are_neither_markup_nor_codes_on_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_source(tmp_path, "en_\x1b[31m[bold]", {"one": ("test", SPEECH), "two": ("test", SPEECH)})
    table = source / "utts.csv"
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    hostile = [f"{head},[/x]", *(f"{row},[/red]\x1b[2J" for row in rows)]
    table.write_text("\n".join(hostile).replace(",en,", ",[/e]\x1b,") + "\n", encoding="utf-8")
    words = ["eval", "small", "--corpus", str(tmp_path), "--draws", "0"]
    assert main([*words, "--by", "[/x]"]) == 0
    told = capsys.readouterr().out
    assert "by [/x]" in told
    assert r"[/red]\x1b[2J" in told
    assert main(["data", "check", str(tmp_path)]) == 1
    told += capsys.readouterr().out
    assert r"en_\x1b[31m[bold]" in told
    assert r"[/e]\x1b" in told
    assert "\x1b" not in told
