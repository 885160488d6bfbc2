"""Starting this Python again runs our module, whatever lies in the folder one happens to be in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mandible.device.daemon.unit_file import command
from mandible.device.doctor.child import Child
from mandible.own_python import own_environment, own_python

STRAYS = ("queue", "json", "argparse", "mandible", "runpy")
LIMIT_S = 60.0


@pytest.fixture
def littered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A present folder with files that bear the names of modules."""
    for name in STRAYS:
        (tmp_path / f"{name}.py").write_text(f"open('{name} was run', 'w')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_words_and_exit_code_come_through(littered: Path) -> None:
    (done, failed) = (
        subprocess.run(own_python("mandible.cli.main", *words), capture_output=True, timeout=LIMIT_S)
        for words in (("--version",), ("no-such-verb",))
    )
    assert (done.returncode, done.stdout[:9]) == (0, b"mandible ")
    assert failed.returncode == 2
    assert list(littered.glob("*was run")) == []


def test_without_an_installed_mandible_it_is_still_found(littered: Path) -> None:
    words = own_python("mandible.models.visemes")
    done = subprocess.run([words[0], "-S", "-E", *words[1:]], capture_output=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr


def test_a_service_is_not_broken_by_a_stray_file_in_its_folder(littered: Path) -> None:
    words = command(("--rig", "no-such-rig"))
    done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "no shipped rig has that name" in done.stderr
    assert list(littered.glob("*was run")) == []


def test_the_doctor_is_not_broken_by_one_either(littered: Path) -> None:
    told, finished = Child("mandible.device.doctor.listening", "--quick", limit_s=LIMIT_S).told()
    assert finished, json.dumps(told)
    assert list(littered.glob("*was run")) == []


def test_it_is_this_python() -> None:
    assert own_python("x", "y")[0] == sys.executable


def test_it_finds_what_this_python_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "found_at_run_time.py").write_text("print('found')\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    words = own_python("found_at_run_time")
    done = subprocess.run(words, env=own_environment(), capture_output=True, timeout=LIMIT_S)
    assert (done.returncode, done.stdout) == (0, b"found\n")
