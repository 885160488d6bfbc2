"""docs/rigs.md says what the program does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig, shipped_rigs
from mandible.models.visemes import VISEME_NAMES, Viseme

_PAGE = (Path(__file__).parents[2] / "docs" / "rigs.md").read_text("utf-8")


def _example() -> str:
    found = re.search(r"```toml\n(.*?)```", _PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_is_a_rig() -> None:
    rig = Rig.parse("my.toml", _example())
    assert rig.poses_us[Viseme.aa] == (1750,)


def test_the_error_shown_is_the_error_given() -> None:
    with pytest.raises(InputError) as caught:
        Rig.parse("my.toml", _example().replace("min_us", "min_uss"))
    assert f"    mandible: {caught.value}\n" in _PAGE


def test_every_key_with_its_default_is_in_the_table() -> None:
    for effective in Rig.parse("my.toml", _example()).effective:
        table, key = effective.key.rsplit(".", 1)
        if effective.line is None and not table.startswith("poses"):
            row = f"| `[{table.replace('.jaw', '.NAME')}]` | `{key}` |"
            shown = [line for line in _PAGE.splitlines() if line.startswith(row)]
            assert len(shown) == 1, row
            assert shown[0].endswith(f"| `{json.dumps(effective.value)}` | {effective.about} |")


def test_visemes_and_shipped_rigs_are_named() -> None:
    assert "| " + " | ".join(f"`{name}`" for name in VISEME_NAMES) + " |" in _PAGE
    assert [name for name in shipped_rigs() if f"`{name}`" not in _PAGE] == []
