"""docs/expression.md shows rigs that load, and pictures that are what the program does."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from mandible.firmware_bridge.rig import Rig

_DOCS = Path(__file__).parents[2] / "docs"
_DRAWINGS = _DOCS / "pictures" / "expression"
_PAGE = (_DOCS / "expression.md").read_text("utf-8")
_MOUTH = """schema = 1
[channels.jaw]
output = 0
min_us = 1250
max_us = 1750
neutral_us = 1250
"""


@pytest.fixture(scope="module")
def draw() -> ModuleType:
    """The script that draws the pictures, under a name of its own."""
    spec = importlib.util.spec_from_file_location("draw_expression", _DRAWINGS / "draw.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up while the script runs.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "draw_expression", module)
        spec.loader.exec_module(module)
    return module


def test_the_committed_pictures_are_what_the_script_draws(draw: ModuleType) -> None:
    drawn = draw.files()
    assert set(drawn) == {path.name for path in _DRAWINGS.glob("*.svg")}
    assert [name for name, text in drawn.items() if (_DRAWINGS / name).read_text("utf-8") != text] == []
    assert set(re.findall(r"pictures/expression/([\w.]+)", _PAGE)) == set(drawn)
    for text in drawn.values():
        ElementTree.fromstring(text)


def test_the_examples_are_parts_of_a_rig() -> None:
    rig = Rig.parse("my.toml", _MOUTH + "\n".join(re.findall(r"```toml\n(.*?)```", _PAGE, re.DOTALL)))
    assert rig.idle.moves
    assert len(rig.expression) == 2
