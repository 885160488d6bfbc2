"""docs/rigs.md says what the program does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mandible.errors import InputError
from mandible.firmware_bridge import toml_source
from mandible.firmware_bridge.mouth_roles import ROLES
from mandible.firmware_bridge.rig import SHIPPED, Rig, shipped_rigs
from mandible.models.visemes import VISEME_NAMES, Viseme

_PAGE = (Path(__file__).parents[2] / "docs" / "rigs.md").read_text("utf-8")


_RIG_FILES = SHIPPED.parent
_EXAMPLES = re.findall(r"```toml\n(.*?)```", _PAGE, re.DOTALL)
_CHANNEL = "min_us = 1000\nmax_us = 2000\nneutral_us = 1000\n"


def _example() -> str:
    return str(_EXAMPLES[0])


def _puppet(*names: str) -> str:
    tables = (f"[channels.{name}]\noutput = {output}\n{_CHANNEL}" for output, name in enumerate(names))
    return "schema = 1\n" + "".join(tables)


def test_the_example_is_a_rig() -> None:
    rig = Rig.parse("my.toml", _example())
    assert rig.poses_us[Viseme.aa] == (1750,)


def test_the_other_examples_fit_a_rig() -> None:
    poses, axes, mirror, delays = _EXAMPLES[1:]
    rig = Rig.parse("my.toml", _puppet("jaw", "tongue") + poses)
    assert rig.poses_us[Viseme.aa][0] == 1900
    rig = Rig.parse("my.toml", _puppet("jaw_left", "jaw_right") + axes)
    assert rig.poses_us[Viseme.aa] == (2000, 1900)
    assert rig.poses_us[Viseme.E] == (1750, 1390)
    rig = Rig.parse("my.toml", _puppet("corner_left") + mirror + "[poses]\nE = { corner_left = 1.0 }")
    assert rig.poses_us[Viseme.E] == (2000, 1300)
    lip = f"[channels.lip]\noutput = 1\n{_CHANNEL}"
    rig = Rig.parse("my.toml", f"schema = 1\n{delays}output = 0\n{_CHANNEL}{lip}")
    assert rig.delays_ms == (90, 40)


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


def test_every_kind_of_port_is_named() -> None:
    forms = toml_source.parse((_RIG_FILES / "port_forms.toml").read_text("utf-8"))
    assert [scheme for scheme in forms if f"| `{scheme}:" not in _PAGE and f", `{scheme}:" not in _PAGE] == []


def test_every_role_is_named() -> None:
    assert [role for role in ROLES if f"`{role}`" not in _PAGE] == []


def test_visemes_and_shipped_rigs_are_named() -> None:
    assert "| " + " | ".join(f"`{name}`" for name in VISEME_NAMES) + " |" in _PAGE
    assert [name for name in shipped_rigs() if f"`{name}`" not in _PAGE] == []
