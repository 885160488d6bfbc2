"""What is installed, and what to do where something is not."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from mandible.device.doctor import FAIL, OK, WARN, engines, installed
from mandible.device.doctor.child import Child
from mandible.models import released


def test_kernels_that_do_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mandible.device.engines._tcn", None)
    check = installed.kernel("engine kernel", "mandible.device.engines._tcn")
    assert check.result == FAIL
    assert "pip install --force-reinstall --no-deps -e ." in check.remedy
    assert installed.kernel("json", "json").result == OK
    assert [k.result for k in installed.kernels()] == [OK, FAIL, OK, OK]


@pytest.mark.parametrize(
    ("version", "result"), [((3, 9), FAIL), ((3, 10), OK), ((3, 13), OK), ((3, 14), FAIL)]
)
def test_python_versions(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], result: str) -> None:
    monkeypatch.setattr(installed, "sys", SimpleNamespace(version_info=(*version, 0)))
    (check,) = installed.python()
    assert check.result == result


def test_the_released_models_are_whole() -> None:
    (check,) = installed.models()
    assert check.result == OK
    for name in released.names():
        assert f"{name} (sha256 {released.resolve(name).sha256[:12]}…)" in check.finding


def test_a_model_whose_bytes_changed_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, content in (("good", b"model"), ("bad", b"mode1")):
        (tmp_path / f"{name}.tflite").write_bytes(content)
        card = {"name": name, "sha256": hashlib.sha256(b"model").hexdigest(), "lookahead_ms": 30}
        (tmp_path / f"{name}.card.json").write_text(json.dumps(card), "utf-8")
    monkeypatch.setattr(released, "FOLDER", tmp_path)
    bad, good = installed.models()
    assert (bad.name, bad.result) == ("model bad", FAIL)
    assert "sha256" in bad.finding
    assert (good.result, good.finding[:4]) == (OK, "good")


def test_an_installation_without_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(released, "FOLDER", tmp_path)
    (check,) = installed.models()
    assert check.result == FAIL


def test_missing_pyaudio_is_a_warning_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "find_spec", lambda _: None)
    (check,) = installed.pyaudio()
    assert check.result == WARN
    assert "pip install PyAudio" in check.remedy


def test_a_computer_without_numpy_is_examined_to_the_end() -> None:
    program = (
        "import sys; sys.modules['numpy'] = None; from mandible.cli.main import main;"
        "sys.exit(main(['doctor', '--quick', '--json']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    told = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert told["numpy"]["remedy"] == "pip install numpy"
    assert told["disk space"]["result"] in (OK, WARN)


def test_engines_are_timed() -> None:
    child = engines.start()
    listed, times, *_ = engines.engines(child)
    assert listed.finding.endswith("default c")
    assert times.name == "engine times"
    assert times.finding.startswith("c ")
    assert "µs for a hop of 10 ms" in times.finding


class Told:
    """A child that told this; the real one is timed above."""

    def __init__(self, *told: dict[str, object], finished: bool = True) -> None:
        self._told = (list(told), finished)

    def told(self) -> tuple[list[dict[str, object]], bool]:
        """Return it."""
        return self._told


@pytest.mark.parametrize(
    ("child", "results", "told"),
    [
        (Told({"engine": "c", "best_us": 4200.0}), [OK, WARN], "more than 3 ms"),
        (Told({"engine": "litert", "best_us": 9000.0}), [OK, OK], "litert 9000 µs"),
        (Told({"engine": "onnx", "problem": "ImportError: x"}), [OK, WARN], "ImportError: x"),
        (Told({"engine": "c", "problem": "ImportError: x"}), [OK, FAIL], "ImportError: x"),
        (Told(finished=False), [OK, WARN], "an engine crashed while it was timed, or takes longer"),
        (
            Told({"begins": "c"}, {"engine": "c", "best_us": 9.0}, {"begins": "onnx"}, finished=False),
            [OK, OK, WARN],
            "onnx crashed while it was timed, or takes longer",
        ),
    ],
)
def test_engines_that_are_slow_or_broken(child: Told, results: list[str], told: str) -> None:
    checks = list(engines.engines(cast(Child, child)))
    assert [check.result for check in checks] == results
    assert told in checks[-1].finding
    assert bool(checks[-1].remedy) == (results[-1] != OK)
