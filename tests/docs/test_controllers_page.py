"""The page about other makers' controllers names every one, and its tables have the true bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.firmware_bridge.drivers.registry import has_driver
from mandible.firmware_bridge.port_forms import FORMS

_PAGE = (Path(__file__).parents[2] / "docs" / "controllers.md").read_text("utf-8")
_FOREIGN = [scheme for scheme in FORMS if has_driver(scheme)]


@pytest.mark.parametrize("scheme", _FOREIGN)
def test_every_controller_has_its_url_and_its_options(scheme: str) -> None:
    assert f"`{scheme}://" in _PAGE
    for name in FORMS[scheme].options:
        assert f"{name}=" in _PAGE or f"`{name}`" in _PAGE, name


@pytest.mark.parametrize(("scheme", "title"), [("pca9685", "PCA9685"), ("sacn", "DMX"), ("artnet", "DMX")])
def test_bounds_are_those_of_the_table(scheme: str, title: str) -> None:
    (section,) = [part for part in _PAGE.split("\n## ") if part.startswith(title)]
    for option in FORMS[scheme].options.values():
        (row,) = [row for row in section.splitlines() if row.startswith("| `") and f"`{option.name}`" in row]
        if option.choices:
            assert all(choice in row for choice in option.choices)
        else:
            assert f"{option.minimum} to {option.maximum}" in row
        assert str(option.default) in row
