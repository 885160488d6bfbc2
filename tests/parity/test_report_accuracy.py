"""Accuracy on held-out recordings in the parity report, and its page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.cli.main import main
from mandible.quantize.parity import registry
from mandible.quantize.parity.engine import Hops, Stepping
from tests.parity.reports import FEW, Put, Wrong, engines, report


def test_accuracy_is_measured_on_the_test_split_and_its_loss_judged(
    tones: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = registry.ENGINES["reference"]
    fewer = registry.Entry(entry.module, entry.kind, entry.about, recordings=1)
    monkeypatch.setitem(registry.ENGINES, "reference", fewer)
    words = ("nano", "--against", "float,c,reference", "--corpus", tones, *FEW)
    document = report(capsys, 0, *words, "--tolerance", "lost_points=100")
    rows = engines(document)
    assert [rows[name]["accuracy"]["recordings"] for name in ("float", "builtin-ref", "c", "reference")] == [
        4,
        4,
        4,
        1,
    ]
    before, after = rows["float"]["accuracy"]["decoded"], rows["c"]["accuracy"]["decoded"]
    assert 0 < after < 1
    assert rows["c"]["accuracy"] == rows["builtin-ref"]["accuracy"]
    assert rows["c"]["lost_points"] == pytest.approx(100 * (before - after), abs=2e-3)
    assert rows["reference"]["lost_points"] is None
    assert document["confusion"]["rows"] == "label"
    assert document["confusion"]["recordings"] == 4
    assert {one["name"].split(" ")[0] for one in document["segments"]} >= {"one.wav"}


def test_lost_accuracy_breaks_the_report(
    tones: Path, instead_of_c: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    class Mute(Wrong):
        def step(self, mel: Hops) -> NDArray[np.generic]:
            return np.where(np.arange(15) == 3, 127, -128).astype(np.int8)

    instead_of_c(lambda subject: Stepping(Mute(subject, -1)))
    words = ("nano", "--against", "float,c", "--corpus", tones, *FEW)
    row = engines(report(capsys, 1, *words))["c"]
    assert row["lost_points"] > 10
    assert re.search(
        r"accuracy \d+\.\d+% of the float network became \d+\.\d+%: .* 0.5 may be", row["reasons"][-1]
    )


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
    words = [
        "parity",
        "nano",
        "--against",
        "float,litert,c",
        *FEW,
        "--corpus",
        str(tones),
        "--html",
        str(page),
    ]
    main([*words, "--tolerance", "lost_points=100"])
    text, tags = page.read_text(encoding="utf-8"), _Tags()
    tags.feed(text)
    kinds = [tag for tag, _ in tags.found]
    assert not {"script", "link", "img", "iframe"} & set(kinds)
    assert not [attributes for _, attributes in tags.found if {"src", "href"} & set(attributes)]
    assert "http" not in text
    # Layers, confusions, and a histogram for each of the two engines that may differ.
    assert kinds.count("svg") == 4
    printed = capsys.readouterr().out
    assert "bytes" in printed
    assert "block5_point" in text
