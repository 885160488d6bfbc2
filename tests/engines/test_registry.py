"""Engines are found by name, and what is missing is named with its remedy."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import mandible.device.engines
from mandible.device import engines
from mandible.errors import DeviceError, InputError
from mandible.models import network
from tests.engines.hops import STREAMING_MODEL, random_hops


def test_the_compiled_engine_is_built_and_the_default() -> None:
    assert engines.default_name() == "c"
    assert engines.available() == ["c", "litert", "tflite", "reference"]


@pytest.mark.parametrize("name", engines.NAMES)
def test_every_engine_tells_its_name_scale_and_exactness(name: str) -> None:
    engine = engines.create(name, STREAMING_MODEL)
    assert engine.name == name
    assert engine.exact == (name != "litert")
    assert engine.output_scale == network.load(STREAMING_MODEL).output_scale
    logits = engine.step(random_hops(1)[0])
    assert logits.shape == (15,)
    assert logits.dtype == np.int8


def test_a_model_is_a_path_a_text_or_anything_with_a_path() -> None:
    @dataclass(frozen=True)
    class Released:
        path: Path

    logits = [
        engines.create("c", model).step(random_hops(1)[0]).tolist()
        for model in (STREAMING_MODEL, str(STREAMING_MODEL), Released(STREAMING_MODEL))
    ]
    assert logits[0] == logits[1] == logits[2]


def test_an_unknown_engine_is_an_input_error() -> None:
    with pytest.raises(InputError, match="'gpu' does not exist; choose one of c, litert, tflite, reference"):
        engines.create("gpu", STREAMING_MODEL)


@pytest.mark.parametrize("name", engines.NAMES)
def test_no_engine_sees_a_damaged_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "cut.tflite"
    path.write_bytes(STREAMING_MODEL.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"cut\.tflite: truncated"):
        engines.create(name, path)


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A None in sys.modules makes an import fail as if the package were absent."""
    for package in ("ai_edge_litert", "ai_edge_litert.interpreter", "tflite_runtime"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, "mandible.device.engines._tcn", None)
    monkeypatch.delattr(mandible.device.engines, "_tcn", raising=False)


@pytest.mark.usefixtures("nothing_installed")
def test_without_packages_only_the_reference_is_available() -> None:
    assert engines.available() == ["reference"]
    assert engines.default_name() == "litert"
    assert engines.create("reference", STREAMING_MODEL).exact


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("c", r"pip install --force-reinstall --no-deps -e \."),
        ("litert", "pip install ai-edge-litert"),
        ("tflite", "pip install 'tflite-runtime==2.14.0' 'numpy<2'"),
    ],
)
def test_a_missing_package_is_a_device_error_with_its_remedy(name: str, remedy: str) -> None:
    with pytest.raises(DeviceError, match=remedy):
        engines.create(name, STREAMING_MODEL)


def test_tflite_runtime_needs_an_older_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    package = ModuleType("tflite_runtime")
    package.interpreter = ModuleType("interpreter")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tflite_runtime", package)
    monkeypatch.setattr(np, "__version__", "2.1.0")
    with pytest.raises(DeviceError, match="needs numpy<2"):
        engines.create("tflite", STREAMING_MODEL)
