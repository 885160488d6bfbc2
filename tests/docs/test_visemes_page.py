"""docs/visemes.md and its drawings say what the data say."""

from __future__ import annotations

import csv
import importlib
import re
from dataclasses import astuple
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

from mandible.models.phones import jaw_of_viseme, table
from mandible.models.visemes import VISEME_NAMES, Viseme

_DOCS = Path(__file__).parents[2] / "docs"
_DRAWINGS = _DOCS / "pictures" / "visemes"


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a script of docs/ by its name, as Python does when it is run."""
    monkeypatch.syspath_prepend(str(_DRAWINGS))
    monkeypatch.syspath_prepend(str(_DOCS / "phones"))

    def imported(name: str) -> ModuleType:
        return importlib.import_module(name)

    return imported


def test_the_committed_drawings_are_what_the_generator_draws(scripts: Any) -> None:
    drawn = scripts("draw").files()
    assert set(drawn) == {path.name for path in _DRAWINGS.glob("*.svg")}
    assert [name for name, text in drawn.items() if (_DRAWINGS / name).read_text("utf-8") != text] == []


def test_every_drawing_is_well_formed_and_stands_alone(scripts: Any) -> None:
    for name, text in scripts("draw").files().items():
        marked = [
            element.attrib["id"] for element in ElementTree.fromstring(text).iter() if "id" in element.attrib
        ]
        assert len(marked) == len(set(marked)), name
        assert set(re.findall(r"url\(#([^)]*)\)", text)) == set(marked), name
        assert "href" not in text, name


def test_there_is_a_shape_for_every_viseme_in_order(scripts: Any) -> None:
    with (_DRAWINGS / "shapes.csv").open(encoding="utf-8", newline="") as stream:
        assert tuple(row["viseme"] for row in csv.DictReader(stream)) == VISEME_NAMES
    assert tuple(shape.jaw for shape in scripts("shape").shapes().values()) == jaw_of_viseme()


def test_lips_meet_in_silence_and_pp_alone(scripts: Any) -> None:
    gaps = {name: _gap(scripts, name, shape) for name, shape in scripts("shape").shapes().items()}
    # The lower lip of FF is behind the teeth: it stands on them, and shuts nothing of the picture.
    assert {name for name, gap in gaps.items() if gap == 0} == {"sil", "PP"}
    assert max(gaps, key=lambda name: gaps[name]) == "aa"


def _gap(scripts: Any, name: str, shape: Any) -> float:
    mouth = scripts("mouth").Mouth(name, shape)
    return float(mouth.lower_y - mouth.upper_y)


def test_a_mean_of_two_mouths_is_a_mouth_between_them(scripts: Any) -> None:
    shapes = scripts("shape").shapes()
    first, second = shapes["PP"], shapes["aa"]
    middle = type(first)(*((a + b) / 2 for a, b in zip(astuple(first), astuple(second), strict=True)))
    assert 0 < _gap(scripts, "middle", middle) < _gap(scripts, "aa", second)
    ElementTree.fromstring(scripts("draw").picture("middle", "between", middle))


def test_the_page_shows_every_drawing_in_order() -> None:
    shown = re.findall(r"pictures/visemes/(\w+)\.svg", (_DOCS / "visemes.md").read_text("utf-8"))
    assert shown == ["overview", *VISEME_NAMES]


def test_the_tables_of_the_page_are_those_of_the_data(scripts: Any) -> None:
    page = (_DOCS / "visemes.md").read_text("utf-8")
    writer = scripts("write")
    assert sorted(re.findall(r"<!-- table: (\w+) -->", page)) == sorted(writer.WRITERS)
    assert writer.filled(page) == page


def test_every_phone_of_a_language_is_known_and_every_language_closes_its_lips() -> None:
    with (_DOCS / "phones" / "languages.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        parts = [part for phone in row["phones"].split() for part in table("ipa")[phone]]
        assert {Viseme.PP, Viseme.aa} <= {part.viseme for part in parts}, row["name"]
