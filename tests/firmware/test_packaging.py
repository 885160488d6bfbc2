"""What a wheel carries: everything that the firmware is built from, and nothing of an earlier build."""

from __future__ import annotations

import subprocess
from fnmatch import fnmatch
from pathlib import Path

from mandible.firmware_bridge import toml_source

_ROOT = Path(__file__).parents[2]
_FIRMWARE = _ROOT / "firmware_bridge" / "firmware"


def test_the_installed_folder_has_all_that_make_needs() -> None:
    project = toml_source.parse((_ROOT / "pyproject.toml").read_text("utf-8"))
    carried = project["tool"]["setuptools"]["package-data"]["*"]
    boards = [file for file in _FIRMWARE.glob("boards/**/*") if file.is_file() and file.suffix != ".pyc"]
    sources = [_FIRMWARE / "Makefile", *_FIRMWARE.glob("core/*"), *boards]
    assert len(sources) > 20
    assert [file for file in sources if not any(fnmatch(file.name, pattern) for pattern in carried)] == []


def test_a_wheel_is_built_afresh() -> None:
    done = subprocess.run(["make", "-n", "wheel"], cwd=_ROOT, capture_output=True, text=True, check=True)
    assert 0 <= done.stdout.find("rm -rf build dist/*.whl") < done.stdout.find("pip wheel")
