"""Building a tree: what is missing for it is said with its remedy, before the compiler starts."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from mandible.benchmarks.compare import building
from mandible.errors import DeviceError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.mark.parametrize("found", ["65.5.0", "none"])
def test_an_old_setuptools_or_none_is_named_with_the_command_that_brings_it(
    found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(package: str) -> str:
        if found == "none":
            raise PackageNotFoundError(package)
        return found

    monkeypatch.setattr(building, "version", version)
    with pytest.raises(
        DeviceError, match=rf"setuptools 77 or newer is needed, here is {found}: .*pip install"
    ):
        building.build(tmp_path, "this tree")


def test_it_is_the_one_that_the_project_asks_for() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["build-system"]["requires"] == [f"setuptools>={building.SETUPTOOLS}"]
