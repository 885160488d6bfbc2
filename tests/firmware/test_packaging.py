"""What a wheel carries: all that firmware is built from and benchmarks read, nothing of an earlier build."""

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


def test_the_installed_benchmark_has_its_tables_and_adapters_but_no_results() -> None:
    tools = toml_source.parse((_ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    carried = tools["package-data"]["*"]
    results = _ROOT / "benchmarks" / "results"
    needed = [
        file
        for folder in ("benchmarks", "samples")
        for file in (_ROOT / folder).rglob("*")
        if file.is_file() and results not in file.parents and file.suffix not in (".pyc", ".md")
    ]
    assert len(needed) > 100
    assert [file for file in needed if not any(fnmatch(file.name, pattern) for pattern in carried)] == []
    assert any(
        fnmatch("mandible.benchmarks.results", pattern) for pattern in tools["packages"]["find"]["exclude"]
    )


def test_a_wheel_is_built_afresh() -> None:
    done = subprocess.run(["make", "-n", "wheel"], cwd=_ROOT, capture_output=True, text=True, check=True)
    assert 0 <= done.stdout.find("rm -rf build dist/*.whl") < done.stdout.find("pip wheel")
