"""The engine ``tensorrt`` with a stand-in for TensorRT and the GPU (see ``tests.onnx_export``): none is here.

What the stand-in cannot say is how fast a GPU is and how exactly it rounds.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mandible.device import engines
from mandible.device.engines import Engine, cuda_runtime
from mandible.errors import DeviceError, InputError
from mandible.models import network, released
from mandible.quantize.onnx_export import engine_cache, gpu
from mandible.quantize.onnx_export.source import exported
from mandible.quantize.onnx_export.tensorrt_cache import WORKSPACE_MIB, obtain
from mandible.quantize.streaming import streaming_bytes
from tests.engines.hops import STREAMING_MODEL, levels_of_speech, random_hops
from tests.onnx_export.fake_execution import DataType, FakeCudart, FakeEngine, TensorFormat, TensorLocation
from tests.onnx_export.fake_tensorrt import FakeTensorrt
from tests.parity.make_network import Shape, whole

Start = Callable[..., tuple[Engine, FakeTensorrt, FakeCudart]]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(gpu, "first_gpu", lambda: gpu.Gpu("Orin", "8.7"))
    return tmp_path / "cache" / "mandible" / "trt"


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    """Create the engine on a machine with this TensorRT and GPU."""

    def create(
        model: Path | str = STREAMING_MODEL, trt: FakeTensorrt | None = None, cuda: FakeCudart | None = None
    ) -> tuple[Engine, FakeTensorrt, FakeCudart]:
        cuda = cuda or FakeCudart()
        trt = trt or FakeTensorrt(gpu=cuda)
        monkeypatch.setitem(sys.modules, "tensorrt", trt)
        monkeypatch.setattr(cuda_runtime, "load", lambda: cuda)
        return engines.create("tensorrt", model), trt, cuda

    return create


def refusal(start: Start, **machine: object) -> str:
    """Return the one line that starting the engine ends in."""
    with pytest.raises(DeviceError) as refused:
        start(**machine)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("name", ["nano", "small"])
def test_it_stays_within_its_tolerance(name: str, start: Start) -> None:
    model, hops = released.resolve(name).path, levels_of_speech()[::2]
    engine, _, cuda = start(model)
    exact = engines.create("c", model)
    fast, slow = (np.array([one.step(hop) for hop in hops], int) for one in (engine, exact))
    assert (engine.name, engine.exact, engine.output_scale) == ("tensorrt", False, exact.output_scale)
    assert np.mean(np.abs(fast - slow) > 3) <= 1e-4
    assert np.mean(fast.argmax(1) == slow.argmax(1)) >= 0.97
    assert cuda.faults == []


def test_reset_starts_over_and_rows_already_given_stay(start: Start) -> None:
    engine, _, cuda = start()
    hops = random_hops(41)  # an odd number, so that the states have changed sides
    first = [engine.step(hop) for hop in hops]
    again = [engine.step(hop) for hop in hops]
    engine.reset()
    np.testing.assert_array_equal([engine.step(hop) for hop in hops], first)
    assert not np.array_equal(first, again)
    assert cuda.faults == []


def test_heads_pass_through(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "heads.tflite"
    path.write_bytes(streaming_bytes(whole(Shape(heads={"laughter": 1, "voiced": 2}, head_taps=3)), path))
    engine, _, cuda = start(path)
    exact = engines.create("c", path)
    assert engine.heads == exact.heads != ()
    for hop in random_hops(50):
        apart = np.abs(engine.step(hop).astype(int) - exact.step(hop))
        assert apart.max() <= 3
        for name, values in exact.head_values().items():
            assert np.abs(np.subtract(engine.head_values()[name], values)).max() <= 3
    assert cuda.faults == []


@pytest.mark.parametrize("wrong", [np.zeros(39, np.int8), np.zeros((1, 40), np.int8), np.zeros(40, np.int16)])
def test_features_of_another_shape_are_refused(start: Start, wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="40 int8"):
        start()[0].step(wrong)


def test_everything_is_freed_once_and_in_order(start: Start) -> None:
    engine, _, cuda = start()
    rings = len(network.load(STREAMING_MODEL).rings)
    engine.step(random_hops(1)[0])
    assert cuda.in_use == (2 + 2 * rings, 1)
    del engine
    gc.collect()
    assert cuda.in_use == (0, 0)
    assert cuda.faults == []


@pytest.mark.parametrize(
    ("function", "after"),
    [("cudaStreamCreate", 0), ("cudaMalloc", 0), ("cudaMalloc", 5), ("cudaMemsetAsync", 1)],
)
def test_a_gpu_that_refuses_at_the_start_is_one_line_and_leaves_nothing(
    function: str, after: int, start: Start
) -> None:
    cuda = FakeCudart(fails=function, after=after)
    assert f"the GPU refuses ({function} answers 2); run without" in refusal(start, cuda=cuda)
    gc.collect()
    assert cuda.in_use[0] == 0
    assert cuda.faults == []


@pytest.mark.parametrize("function", ["cudaMemcpyAsync", "execute_async_v3", "cudaStreamSynchronize"])
def test_a_gpu_that_stops_is_one_line(function: str, start: Start) -> None:
    cuda = FakeCudart(fails=function, after=6)
    engine, _, _ = start(cuda=cuda)
    with pytest.raises(DeviceError, match="run without --engine tensorrt") as refused:
        [engine.step(hop) for hop in random_hops(10)]
    assert "\n" not in str(refused.value)


def test_it_is_built_once_for_run_and_export(start: Start, cache: Path) -> None:
    nano = released.resolve("nano").path
    engine, trt, cuda = start(nano)
    start(nano, trt, cuda)
    assert obtain(trt, exported("nano", "int8", symmetric=True), "int8", WORKSPACE_MIB).was_cached
    assert len(trt.builds) == 1
    assert len(list(cache.glob("*.engine"))) == 1
    assert engine.step(random_hops(1)[0]).shape == (15,)


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"?")


def foreign(path: Path) -> None:
    """As of another installation: whole, with its record, and of no use here."""
    record = engine_cache.read_object(engine_cache.record_of(path), 1 << 20)
    del record["engine_sha256"]
    engine_cache.write(path, b"engine 7", record)


def writable_by_all(path: Path) -> None:
    path.chmod(0o666)


def without_a_record(path: Path) -> None:
    engine_cache.record_of(path).unlink()


@pytest.mark.parametrize("spoil", [damaged, foreign, writable_by_all, without_a_record])
def test_what_cannot_be_trusted_is_built_again(
    spoil: Callable[[Path], None], start: Start, cache: Path
) -> None:
    _, trt, cuda = start()
    (kept,) = cache.glob("*.engine")
    spoil(kept)
    engine, _, _ = start(trt=trt, cuda=cuda)
    assert len(trt.builds) == 2
    assert kept.read_bytes() == b"engine 2"
    assert engine.step(random_hops(1)[0]).shape == (15,)
    start(trt=trt, cuda=cuda)
    assert len(trt.builds) == 2


def test_a_generous_umask_spoils_nothing(start: Start) -> None:
    before = os.umask(0o002)
    try:
        _, trt, cuda = start()
    finally:
        os.umask(before)
    start(trt=trt, cuda=cuda)
    assert len(trt.builds) == 1


CLAIMS = {
    "shape": (("shape", "state_1"), [1, 20, 5, 1], "other inputs or outputs"),
    "type": (("dtype", "logits"), DataType.FLOAT, "keeps logits otherwise than as plain int8"),
    "format": (("format", "mel"), TensorFormat.CHW4, "keeps mel otherwise"),
    "location": (("location", "next_state_0"), TensorLocation.HOST, "keeps next_state_0 otherwise"),
    "context": (("context", ""), True, "no memory left"),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_an_engine_of_another_interface_never_gets_our_memory(
    claim: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, answer, message = CLAIMS[claim]
    monkeypatch.setattr(FakeEngine, "changes", {question: answer})
    cuda = FakeCudart()
    assert message in refusal(start, cuda=cuda)
    assert cuda.calls == []


def test_what_cannot_be_loaded_even_when_new_is_said_after_one_build(start: Start) -> None:
    trt = FakeTensorrt(gpu=None)  # builds, but knows none of what it built
    assert "cannot load the engine: the engine plan file\\nis not compatible; run without" in refusal(
        start, trt=trt
    )
    assert len(trt.builds) == 1
    assert "cannot load the engine" in refusal(start, trt=trt)
    assert len(trt.builds) == 2  # the one that was kept, and one more try


def test_a_builder_that_refuses_says_what_helps_here(start: Start) -> None:
    message = refusal(start, trt=FakeTensorrt(complaints=("out of memory",)))
    assert message.endswith("cannot build the engine: out of memory; run without --engine tensorrt")


def test_a_damaged_model_never_reaches_tensorrt(start: Start, tmp_path: Path) -> None:
    path, trt = tmp_path / "cut.tflite", FakeTensorrt()
    path.write_bytes(STREAMING_MODEL.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"cut\.tflite: truncated"):
        start(path, trt)
    assert trt.builds == []


def test_a_missing_cuda_runtime_is_said_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trt, load = FakeTensorrt(), cuda_runtime.load
    monkeypatch.setitem(sys.modules, "tensorrt", trt)
    monkeypatch.setattr(cuda_runtime, "load", lambda: load(["libcudart-that-is-nowhere.so"]))
    with pytest.raises(DeviceError, match=r"libcudart\.so is missing; on a Jetson run: sudo apt install"):
        engines.create("tensorrt", STREAMING_MODEL)
    assert trt.builds == []


def test_the_first_library_that_loads_is_taken() -> None:
    assert isinstance(cuda_runtime.load(["libcudart-that-is-nowhere.so", "libc.so.6"]), ctypes.CDLL)
