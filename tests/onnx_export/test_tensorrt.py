"""Building, caching and refusing TensorRT engines, with a stand-in for TensorRT (see ``fake_tensorrt``)."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mandible.cli import main
from mandible.errors import DeviceError
from mandible.models import network, released
from mandible.quantize.onnx_export import engine_cache, gpu, int8, tensorrt_build
from tests.onnx_export.fake_tensorrt import FakeDriver, FakeTensorrt

Export = Callable[..., tuple[int, str, str]]
ORIN = gpu.Gpu("Orin", "8.7")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mandible" / "trt"


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Export:
    """Run ``mandible export trt`` with a given TensorRT and GPU: (exit code, standard output, complaint)."""

    def run(
        trt: Any, *words: str, device: gpu.Gpu = ORIN, out: Path = tmp_path / "m.engine"
    ) -> tuple[int, str, str]:
        monkeypatch.setitem(sys.modules, "tensorrt", trt)
        monkeypatch.setattr(gpu, "first_gpu", lambda: device)
        code = main.main(["export", "trt", "--model", "nano", "-o", str(out), *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_it_builds_the_symmetric_model(export: Export, tmp_path: Path) -> None:
    trt = FakeTensorrt()
    code, said, _ = export(trt, "--workspace-mib", "100")
    assert code == 0
    assert "built" in said
    (build,) = trt.builds
    nano = released.resolve("nano")
    told = {"name": "nano", "model_sha256": nano.sha256, "lookahead_ms": nano.lookahead_ms}
    assert build["content"] == int8(network.load(nano.path), told, symmetric=True)
    assert (build["network_flags"], build["flags"]) == (1, ["int8 flag"])
    assert build["limits"] == {"workspace": 100 << 20}
    assert (tmp_path / "m.engine").read_bytes() == b"engine 1"


def test_names_that_are_no_text_are_escaped(export: Export, tmp_path: Path) -> None:
    model = tmp_path / os.fsdecode(b"k\xff.tflite")
    model.write_bytes(released.resolve("nano").path.read_bytes())
    out = tmp_path / os.fsdecode(b"\xfe\x1b[31m.engine")
    code, said, _ = export(FakeTensorrt(), "--model", str(model), out=out)
    assert code == 0
    assert said[:-1].isprintable()
    assert r"\udcfe\x1b[31m.engine: k\udcff" in said
    assert out.read_bytes() == b"engine 1"


def test_a_record_beside_the_engine_says_what_it_was_built_from(export: Export, tmp_path: Path) -> None:
    code, said, _ = export(FakeTensorrt(), "--json")
    record = json.loads((tmp_path / "m.engine.json").read_text())
    printed = json.loads(said)
    assert code == 0
    assert record["engine_sha256"] == hashlib.sha256(b"engine 1").hexdigest()
    assert record["model_sha256"] == printed["model_sha256"] == released.resolve("nano").sha256
    wanted = {
        "model": "nano",
        "precision": "int8",
        "tensorrt": "10.3.0",
        "gpu": "Orin",
        "compute_capability": "8.7",
    }
    assert wanted.items() <= record.items()
    assert wanted.items() <= printed.items()
    assert (printed["cached"], printed["bytes"]) == (False, 8)


def test_the_same_engine_is_built_once(export: Export, tmp_path: Path) -> None:
    trt = FakeTensorrt()
    export(trt)
    code, said, _ = export(trt, out=tmp_path / "again.engine")
    assert code == 0
    assert "from the cache" in said
    assert len(trt.builds) == 1
    assert (tmp_path / "again.engine").read_bytes() == (tmp_path / "m.engine").read_bytes()


def test_anything_that_an_engine_depends_on_makes_it_another(export: Export, cache: Path) -> None:
    trt = FakeTensorrt()
    export(trt)
    export(trt, "--model", "small-0ms")
    export(trt, "--precision", "fp16")
    export(trt, "--precision", "fp32")
    export(trt, "--workspace-mib", "99")
    export(trt, device=gpu.Gpu("Xavier", "8.7"))
    export(trt, device=gpu.Gpu("Orin", "7.2"))
    assert len(trt.builds) == 7
    newer = FakeTensorrt("10.4.0")
    export(newer)
    assert len(newer.builds) == 1
    assert len(list(cache.glob("*.engine"))) == 8


@pytest.mark.parametrize("damage", ["engine", "record", "no engine", "no record", "empty record"])
def test_a_damaged_entry_is_built_again(damage: str, export: Export, cache: Path) -> None:
    trt = FakeTensorrt()
    export(trt)
    (engine,) = cache.glob("*.engine")
    record = engine_cache.record_of(engine)
    if damage == "engine":
        engine.write_bytes(b"engine ?")
    elif damage == "record":
        record.write_text(record.read_text().replace("8.7", "8.6"))
    elif damage == "empty record":
        record.write_bytes(b"")
    else:
        (engine if damage == "no engine" else record).unlink()
    assert "built" in export(trt)[1]
    assert len(trt.builds) == 2
    assert engine.read_bytes() == b"engine 2"
    assert "from the cache" in export(trt)[1]


def test_fp16_and_fp32_build_the_float_model(export: Export) -> None:
    trt = FakeTensorrt()
    export(trt, "--precision", "fp16")
    export(trt, "--precision", "fp32")
    assert [build["flags"] for build in trt.builds] == [["fp16 flag"], []]
    assert b"float32" in trt.builds[0]["content"]
    assert trt.builds[0]["content"] == trt.builds[1]["content"]


def test_a_tensorrt_without_flags_builds_int8_and_refuses_fp16(export: Export) -> None:
    trt = FakeTensorrt("11.0.0")
    assert export(trt)[0] == 0
    assert (trt.builds[0]["network_flags"], trt.builds[0]["flags"]) == (0, [])
    code, _, complaint = export(trt, "--precision", "fp16")
    assert code == 3
    assert complaint.count("\n") == 1
    assert "--precision fp32 or int8" in complaint


def test_what_the_parser_cannot_read_is_listed_in_one_line(
    export: Export, tmp_path: Path, cache: Path
) -> None:
    errors = tuple((str(number), f"no importer\nfor it {'x' * 400}") for number in range(5))
    code, said, complaint = export(FakeTensorrt("8.2.1", errors=errors))
    assert (code, said) == (3, "")
    assert complaint.count("\n") == 1
    assert complaint.startswith("mandible: TensorRT 8.2.1 cannot read the model: node 0: no importer")
    assert "node 2: " in complaint
    assert "and 2 more" in complaint
    assert len(complaint) < 800
    assert not list(tmp_path.glob("*.engine*"))
    assert not list(cache.glob("*"))


def test_a_failed_build_says_why_and_leaves_nothing(export: Export, tmp_path: Path, cache: Path) -> None:
    code, _, complaint = export(FakeTensorrt(complaints=("out of memory", "giving up")))
    assert code == 3
    assert "cannot build the engine: out of memory; giving up" in complaint
    assert "warning" not in complaint
    assert complaint.count("\n") == 1
    assert not list(tmp_path.glob("*.engine*"))
    assert not list(cache.glob("*"))


def test_without_tensorrt_one_line_says_where_it_comes_from(export: Export, tmp_path: Path) -> None:
    code, said, complaint = export(None)
    assert (code, said) == (3, "")
    assert complaint.count("\n") == 1
    assert "python3-libnvinfer" in complaint
    assert "--system-site-packages" in complaint
    assert not list(tmp_path.glob("*.engine*"))


def test_a_cache_that_cannot_be_made_is_said_before_building(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    trt = FakeTensorrt()
    code, _, complaint = export(trt)
    assert code == 2
    assert "XDG_CACHE_HOME" in complaint
    assert not trt.builds


def test_a_relative_cache_folder_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("", "here"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert engine_cache.folder() == tmp_path / ".cache" / "mandible" / "trt"


def test_a_models_name_cannot_leave_the_cache(cache: Path) -> None:
    assert engine_cache.place({"model": "../../x/y" * 20}).parent == cache


@pytest.mark.parametrize("mib", ["0", "-1", "99999999"])
def test_an_impossible_workspace_is_refused(mib: str, export: Export) -> None:
    code, _, complaint = export(FakeTensorrt(), "--workspace-mib", mib)
    assert code == 2
    assert "--workspace-mib" in complaint


def test_the_gpu_is_named_by_its_driver() -> None:
    assert gpu.first_gpu(FakeDriver()) == ORIN
    assert gpu.first_gpu(FakeDriver(b"Xavier \xff", (7, 2))) == gpu.Gpu("Xavier \ufffd", "7.2")


@pytest.mark.parametrize("function", ["cuInit", "cuDeviceGet", "cuDeviceGetName", "cuDeviceGetAttribute"])
def test_without_a_gpu_one_line_says_so(function: str) -> None:
    with pytest.raises(DeviceError, match=rf"no NVIDIA GPU answers .*{function} answers 100"):
        gpu.first_gpu(FakeDriver(fails=function))


def test_without_a_driver_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "LIBRARY", "libcuda-that-is-nowhere.so")
    with pytest.raises(DeviceError, match="no NVIDIA GPU answers"):
        gpu.first_gpu()


def test_a_builder_that_does_not_start_is_said() -> None:
    trt = FakeTensorrt()
    trt.Builder = lambda logger: None  # type: ignore[assignment, return-value]  # what TensorRT returns
    with pytest.raises(DeviceError, match="cannot start its builder"):
        tensorrt_build.build(trt, b"", "int8", 64)
