"""The page that shows what training makes of a corpus."""

from __future__ import annotations

import json
import re
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models import preview, preview_page
from mandible.models.corpus_directory import read_source
from mandible.models.picture import palette, spectrogram_png
from mandible.models.preview import Preview
from tests.cli.command import succeed
from tests.models.tiny_corpus import write_source

SPEECH = ["SIL", "M", "AA", "S", "IY", "SIL"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("corpus")
    write_source(directory, "en_kathleen", dict.fromkeys(("one", "two", "three"), ("train", SPEECH * 2)))
    write_source(directory, "en_ljspeech", {"four": ("dev", SPEECH)})
    return directory


@pytest.fixture(scope="module")
def shown(corpus: Path) -> Preview:
    return preview.preview(corpus, 2, seed=1)


def pixels(png: bytes) -> NDArray[np.uint8]:
    """Decode an indexed PNG without row filters."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + content)
        chunks[kind], at = content, at + 12 + size
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert form == [8, 3, 0, 0, 0]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:]


def test_every_pixel_is_a_feature() -> None:
    mels = np.random.default_rng(0).integers(-128, 128, (57, 40)).astype(np.int8)
    assert np.array_equal(pixels(spectrogram_png(mels))[::-1].T.astype(int) - 128, mels)


def test_louder_is_brighter() -> None:
    brightness = palette().astype(int).sum(axis=1)
    assert (np.diff(brightness) >= 0).all()
    assert brightness[-1] - brightness[0] > 600


def test_utterances_are_chosen_by_seed_and_from_many_sources(corpus: Path) -> None:
    known = [one for source in ("en_kathleen", "en_ljspeech") for one in read_source(corpus, source)]
    many = [replace(known[i % 3], name=str(i)) for i in range(100)] + [known[3]]
    first, again, other = (preview.chosen(many, 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert [one.name for one in first] == [one.name for one in again]
    assert [one.name for one in first] != [one.name for one in other]
    assert len(first) == 5
    assert "en_ljspeech" in {one.source for one in first[:2]}


def test_every_utterance_is_shown_clean_and_changed(shown: Preview) -> None:
    assert {utterance.source for utterance, _ in shown.utterances} == {"en_kathleen", "en_ljspeech"}
    for _, panels in shown.utterances:
        assert [panel.title for panel in panels] == [
            "clean",
            "clean, as one chunk",
            "take 1",
            "take 1, as one chunk",
            "take 2",
            "take 2, as one chunk",
        ]
        for panel in panels:
            assert len(panel.mels) == len(panel.viseme)
            assert (panel.pcm is None) == panel.title.endswith("chunk")
            assert panel.words or panel.title == "clean"
        assert not np.array_equal(panels[0].mels, panels[1].mels)


def test_each_change_is_shown_by_itself(shown: Preview) -> None:
    clean = shown.utterances[0][1][0]
    titles = [panel.title for panel in shown.effects]
    assert len(set(titles)) == len(titles) >= 12
    for panel in shown.effects:
        assert not np.array_equal(panel.mels, clean.mels), panel.title
        silent = "silence" in panel.title
        assert np.array_equal(panel.viseme, np.zeros_like(clean.viseme) if silent else clean.viseme)


def test_the_page_needs_nothing_beside_it(shown: Preview, corpus: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    preview_page.write(page, corpus, shown, 1)
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:src|href)=[\"']?(\w+:)", text)) == {"data:"}
    assert "@import" not in text
    assert "url(" not in text
    assert text.count("data:audio/wav;base64,") == 6
    assert text.count("data:image/png;base64,") == 12 + len(shown.effects)
    assert "prefers-color-scheme: dark" in text
    assert "en_kathleen/" in text
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_command_writes_this_page_for_the_same_seed(shown: Preview, corpus: Path, tmp_path: Path) -> None:
    preview_page.write(tmp_path / "here.html", corpus, shown, 1)
    out = tmp_path / "there.html"
    told = json.loads(succeed("data", "preview", corpus, "--count", "2", "--seed", "1", "--json", "-o", out))
    assert told["page"] == str(out)
    assert len(told["utterances"]) == 2
    assert out.read_bytes() == (tmp_path / "here.html").read_bytes()


def test_names_from_a_corpus_are_text_on_the_page(shown: Preview, corpus: Path, tmp_path: Path) -> None:
    (utterance, panels), *_ = shown.utterances
    hostile = replace(utterance, name="<script>alert(1)</script>", speaker="<b>", text="a < b")
    page = tmp_path / "page.html"
    preview_page.write(page, corpus, Preview([(hostile, panels)], []), 1)
    text = page.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "speaker &lt;b&gt;" in text
    assert "a &lt; b" in text


def test_the_ribbon_shows_each_stretch_once_and_leaves_the_unlabelled_open() -> None:
    html = preview_page.ribbon(np.array([-1] * 2 + [0] * 10 + [1] * 8, np.int8))
    assert re.findall(r'title="([^"]+)"', html) == ["sil, 20 to 120 ms", "PP, 120 to 200 ms"]
    assert "left:60.000%;width:40.000%" in html


def test_a_corpus_that_may_not_be_learned_from_is_refused(tmp_path: Path) -> None:
    write_source(tmp_path, "de_emodb", {"one": ("test", SPEECH)})
    with pytest.raises(InputError, match="may use none of its recordings"):
        preview.preview(tmp_path, 1, 0)
