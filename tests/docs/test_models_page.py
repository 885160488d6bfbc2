"""The figures in docs/models.md and in the README are those of the released models' cards."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

_SCRIPT = Path(__file__).parents[2] / "docs" / "accuracy" / "write.py"


def test_the_pages_show_the_figures_of_the_cards() -> None:
    write = SimpleNamespace(**runpy.run_path(str(_SCRIPT)))
    for page in write.PAGES:
        text = page.read_text(encoding="utf-8")
        assert "<!-- table: " in text
        assert write.filled(text) == text, f"{page.name}: python docs/accuracy/write.py makes it anew"
