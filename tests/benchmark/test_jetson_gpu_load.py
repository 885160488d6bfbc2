"""The process that keeps the GPU busy (a stand-in here): it goes with whoever started it, or says why not."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from mandible.benchmarks.jetson.gpu_load import REST, WORK, loading
from mandible.errors import DeviceError
from mandible.own_python import own_environment, own_python

STAND_IN = Path(__file__).parent / "stand_in"
MODULE = "mandible.benchmarks.jetson.gpu_load"
ENDING_S = 20.0


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(STAND_IN))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_without_tensorrt_it_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tensorrt.py").write_text("raise ImportError\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with (
        pytest.raises(DeviceError, match="keep the GPU busy: TensorRT for Python is missing") as refused,
        loading("nano"),
    ):
        pass
    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("stand_in")
def test_one_that_is_killed_half_way_is_said_in_one_line() -> None:
    with loading("nano") as load:
        load.tell(WORK)
        load._process.send_signal(signal.SIGKILL)
        load._process.wait(ENDING_S)
        with pytest.raises(DeviceError, match="keep the GPU busy: it went") as refused:
            load.tell(REST)
    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("stand_in")
def test_it_ends_with_its_input_even_while_it_works() -> None:
    with subprocess.Popen(
        own_python(MODULE, "nano"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=own_environment()
    ) as alone:
        assert alone.stdin is not None
        assert alone.stdout is not None
        assert alone.stdout.readline() == b"ready\n"
        alone.stdin.write(b"work\n")
        alone.stdin.flush()
        assert alone.stdout.readline() == b"work\n"
        # As the kernel does where whoever started it was killed.
        alone.stdin.close()
        assert alone.wait(ENDING_S) == 0
