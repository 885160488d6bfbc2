"""What is no Jetson, or not computed by a Jetson's own TensorRT, gives no figure that could pass for one."""

from __future__ import annotations

import ctypes
import platform
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mandible.benchmarks import devices
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.devices import ROOT, Device
from mandible.benchmarks.jetson import genuine
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.probes import jetson_contention, jetson_tensorrt
from mandible.benchmarks.speech import sample
from mandible.device.engines import cuda_runtime
from mandible.errors import DeviceError
from mandible.quantize.onnx_export import gpu
from tests.benchmark.jetson_tree import RELEASE
from tests.onnx_export.fake_execution import FakeCudart
from tests.onnx_export.fake_tensorrt import FakeTensorrt
from tests.telemetry.trees import plant

STAND_IN = Path(__file__).parent / "stand_in"
FORGED = {"etc/nv_tegra_release": RELEASE}
TEGRA = {"proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0005\0nvidia,tegra234"}
MAPPED = """\
ffff8000-ffff9000 r-xp 00000000 b3:01 11  /usr/lib/aarch64-linux-gnu/libnvinfer.so.10.3.0
ffff9000-ffffa000 r-xp 00000000 b3:01 12  /usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1
"""


@pytest.fixture
def itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This very computer is what lies in a folder."""
    monkeypatch.setattr(devices, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_release_file_alone_makes_no_jetson(
    machine: str, itself: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    plant(itself, dict(FORGED))
    assert devices.kind_of(itself) == "host"
    with pytest.raises(DeviceError, match=r"not a Jetson; .*--device host here") as refused:
        devices.device("jetson", itself)
    assert "\n" not in str(refused.value)


def test_with_the_kernels_word_it_is_one_but_never_on_another_processor(
    itself: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(itself, {**FORGED, **TEGRA})
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert devices.device("jetson", itself) == Device("jetson", itself)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(DeviceError, match="not a Jetson"):
        devices.device("jetson", itself)


def test_another_board_with_the_image_of_a_jetson_is_still_itself(
    itself: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(itself, {**FORGED, "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0"})
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert devices.kind_of(itself) == "rpi"


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("/usr/lib/aarch64-linux-gnu/libnvinfer", "/home/me/.venv/lib/tensorrt_libs/libnvinfer"),
        ("/usr/lib/aarch64-linux-gnu/libnvinfer", "/tmp/usr/lib/aarch64-linux-gnu/libnvinfer"),
        ("libnvinfer.so.10.3.0", "libnvinfer.so.10.3.0 (deleted)"),
        ("libnvinfer", "libnvinfer_plugin"),
        ("/nvidia/libcuda", "/stubs/libcuda"),
        ("libcuda.so.1.1", "libcuda_other.so"),
    ],
)
def test_only_libraries_where_jetpack_puts_them_count(was: str, now: str) -> None:
    assert genuine.loaded(MAPPED)
    assert was in MAPPED
    assert not genuine.loaded(MAPPED.replace(was, now))


def test_libraries_that_are_mapped_but_not_the_systems_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = tmp_path / "maps"
    maps.write_text(MAPPED)
    monkeypatch.setattr(genuine, "MAPS", maps)
    # On this computer, no such file is the super-user's: there is none.
    assert not genuine.genuine(Device("jetson"), ModuleType("tensorrt"), ctypes.CDLL(None))


@pytest.mark.parametrize(
    ("device", "trt", "library"),
    [
        (Device("jetson", Path("/tmp")), ModuleType("tensorrt"), ctypes.CDLL(None)),
        (Device("host"), ModuleType("tensorrt"), ctypes.CDLL(None)),
        (Device("jetson"), FakeTensorrt(), ctypes.CDLL(None)),
        (Device("jetson"), ModuleType("tensorrt"), FakeCudart()),
    ],
)
def test_a_stand_in_is_never_genuine_whatever_is_mapped(
    device: Device, trt: Any, library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = tmp_path / "maps"
    maps.write_text(MAPPED)
    monkeypatch.setattr(genuine, "MAPS", maps)
    monkeypatch.setattr(genuine, "_of_the_system", lambda path: True)
    assert not genuine.genuine(device, trt, library)
    assert genuine.genuine(Device("jetson"), ModuleType("tensorrt"), ctypes.CDLL(None))


def test_a_stand_in_on_a_real_jetson_marks_every_figure_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for target, name in ((cuda_runtime, "load"), (gpu, "first_gpu")):
        monkeypatch.setattr(target, name, getattr(target, name))
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.delitem(sys.modules, "tensorrt")
    monkeypatch.syspath_prepend(str(STAND_IN))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    bench = Bench(Device("jetson", ROOT), sample(), tmp_path)
    assert not bench.device.simulated
    engines = jetson_tensorrt.Settings(models=("nano",), precisions=("int8",), rounds=1, hops=10)
    busy = jetson_contention.Settings(
        model="nano", engines=("tensorrt",), load_model="nano", rounds=1, seconds=0.1
    )
    found = [*jetson_tensorrt.measure(engines, bench), *jetson_contention.measure(busy, bench)]
    assert {one.figure for one in found if isinstance(one, Measurement)} >= {
        "engine_us",
        "engine_build_s",
        "cpu_s_per_audio_s",
        "accuracy",
        "hop_p99_us",
    }
    assert all(isinstance(one, Measurement) and one.simulated for one in found)
