"""Engines are found by name, and what is missing is named with its remedy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import mandible.device.engines
from mandible.device import engines
from mandible.errors import DeviceError, InputError
from mandible.models import network, released
from tests.engines.hops import STREAMING_MODEL, random_hops

ROOT = Path(__file__).parents[2]
# Prints of every released model: is ``tflite`` exact, and how far from that is ``tflite-runtime``.
OLD_RUNTIME_PROGRAM = """
import json
import numpy as np
from mandible.device import engines
from mandible.models import released
from tests.engines.hops import levels_of_speech
hops, found = levels_of_speech(), {}
for name in released.names():
    running = [engines.create(kind, released.resolve(name)) for kind in ("c", "tflite", "tflite-runtime")]
    exact, slow, fast = (np.array([engine.step(hop) for hop in hops], int) for engine in running)
    agreement = float(np.mean(fast.argmax(1) == exact.argmax(1)))
    found[name] = bool(np.array_equal(exact, slow)), int(np.abs(fast - exact).max()), agreement
print(json.dumps(found))
"""


def test_the_compiled_engine_is_built_and_the_default() -> None:
    assert engines.default_name() == "c"
    assert engines.available() == ["c", "litert", "tflite", "onnx", "reference"]


@pytest.mark.parametrize("name", engines.available())
def test_every_engine_tells_its_name_scale_and_exactness(name: str) -> None:
    engine = engines.create(name, STREAMING_MODEL)
    assert engine.name == name
    assert engine.exact == (name not in ("litert", "onnx"))
    assert engine.heads == ()
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


@pytest.mark.parametrize("name", [name for name in engines.available() if name in engines.THREADED])
def test_a_second_thread_changes_no_answer_beyond_the_tolerance(name: str) -> None:
    hops = random_hops(50)
    alone, helped = (
        np.array([engine.step(hop) for hop in hops], int)
        for engine in (engines.create(name, STREAMING_MODEL), engines.create(name, STREAMING_MODEL, 2))
    )
    assert np.abs(alone - helped).max() <= (0 if name == "tflite" else 3)


@pytest.mark.parametrize("name", [name for name in engines.NAMES if name not in engines.THREADED])
def test_an_engine_of_one_thread_refuses_a_second(name: str) -> None:
    with pytest.raises(InputError, match=rf"^engine {name}: works on one thread, not 2; more .* litert"):
        engines.create(name, STREAMING_MODEL, 2)


@pytest.mark.parametrize("threads", [0, -1, 65, 10**30])
def test_a_number_of_threads_that_nobody_has_is_refused(threads: int) -> None:
    with pytest.raises(InputError, match=r"^engine litert: threads: must be 1 to 64, got [^\n]{1,60}$"):
        engines.create("litert", STREAMING_MODEL, threads)


def test_an_unknown_engine_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"'gpu' does not exist; choose one of c, litert, .*, reference"):
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
    packages = ("ai_edge_litert", "ai_edge_litert.interpreter", "tflite_runtime", "onnxruntime", "tensorrt")
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, "mandible.device.engines._tcn", None)
    monkeypatch.delattr(mandible.device.engines, "_tcn", raising=False)


@pytest.mark.usefixtures("nothing_installed")
def test_without_packages_only_the_reference_is_available() -> None:
    assert engines.available() == ["reference"]
    assert engines.default_name() == "reference"
    assert engines.create("reference", STREAMING_MODEL).exact


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("c", r"pip install --force-reinstall --no-deps -e \."),
        ("litert", "pip install ai-edge-litert"),
        ("tflite", "pip install 'tflite-runtime==2.14.0' 'numpy<2'"),
        ("tflite-runtime", "before Python 3.12 run: pip install 'tflite-runtime==2.14.0' 'numpy<2'"),
        ("onnx", "pip install onnxruntime"),
        ("tensorrt", "sudo apt install python3-libnvinfer.*--system-site-packages"),
    ],
)
def test_a_missing_package_is_a_device_error_with_its_remedy(name: str, remedy: str) -> None:
    with pytest.raises(DeviceError, match=remedy):
        engines.create(name, STREAMING_MODEL)


@pytest.fixture
def old_runtime(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """LiteRT absent, and LiteRT's interpreter under its predecessor's name: the classes are the same.

    The predecessor itself is run in the full tier: it needs another Python.
    """
    from ai_edge_litert import interpreter

    for package in ("ai_edge_litert", "ai_edge_litert.interpreter"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, "mandible.device.engines._tcn", None)
    monkeypatch.delattr(mandible.device.engines, "_tcn", raising=False)
    package = ModuleType("tflite_runtime")
    package.interpreter = interpreter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tflite_runtime", package)
    return package


@pytest.mark.usefixtures("old_runtime")
@pytest.mark.parametrize("name", ["tflite", "tflite-runtime"])
def test_tflite_runtime_needs_an_older_numpy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "__version__", "2.1.0")
    assert engines.available() == ["onnx", "reference"]
    with pytest.raises(DeviceError, match=f"engine {name}: tflite-runtime needs numpy<2"):
        engines.create(name, STREAMING_MODEL)


@pytest.mark.usefixtures("old_runtime")
def test_tflite_runtime_stands_in_where_litert_has_no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "__version__", "1.26.4")
    assert engines.default_name() == "tflite-runtime"
    assert engines.available() == ["tflite", "tflite-runtime", "onnx", "reference"]
    hops = random_hops(200)
    exact, slow, fast = (
        np.array([engine.step(hop) for hop in hops], int)
        for engine in (
            engines.create(name, STREAMING_MODEL) for name in ("reference", "tflite", "tflite-runtime")
        )
    )
    np.testing.assert_array_equal(slow, exact)
    assert 0 < np.abs(fast - exact).max() <= 3  # so the kernels are really others


@pytest.mark.full
def test_the_real_tflite_runtime_keeps_its_promises() -> None:
    done = subprocess.run(
        [os.environ["MANDIBLE_TFLITE_PYTHON"], "-c", OLD_RUNTIME_PROGRAM],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == len(released.names())
    for name, (is_equal, largest, agreement) in found.items():
        assert is_equal, name
        assert largest <= 3, name
        assert agreement >= 0.97, name


def test_a_litert_that_does_not_load_is_told_from_one_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [one for one in sys.modules if one.split(".")[0] == "ai_edge_litert"]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "ai_edge_litert").mkdir()
    (tmp_path / "ai_edge_litert" / "__init__.py").touch()
    reason = "libc.so.6: version `GLIBC_2.34' not found"
    (tmp_path / "ai_edge_litert" / "interpreter.py").write_text(f'raise ImportError("{reason}")')
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(
        DeviceError, match=r"GLIBC_2\.34' not found.*run: pip install 'ai-edge-litert==2\.1\.0'"
    ):
        engines.create("litert", STREAMING_MODEL)
