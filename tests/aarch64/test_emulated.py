"""A Raspberry Pi or Jetson with nothing but wheels: the set resolves, and the line speaks the same bytes.

The computer is emulated (QEMU's Cortex-A72); Python, C library and wheels are the real ones.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.aarch64.debian_root import PYTHON_VERSION, debian_root, python_in
from tests.aarch64.wheels import CACHE, build, download, requirements, unpacked
from tests.cli.command import SAMPLE, succeed

pytestmark = pytest.mark.full

# What the emulator can run: LiteRT 2.2 and 2.3 use instructions on which QEMU 7 gives up; boards do not.
EMULATOR_PINS = ("ai-edge-litert==2.1.6",)
C_LIBRARY = 36
LIMIT_S = 300.0


@pytest.fixture(scope="module")
def own_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of mandible for ARM."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def arm(own_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The words that start an ARM Python in which mandible and what it needs are installed."""
    packages = tmp_path_factory.mktemp("site")
    unpacked([own_wheel, *download(PYTHON_VERSION, C_LIBRARY, CACHE, EMULATOR_PINS)], packages)
    return ("env", f"PYTHONPATH={packages}", *python_in(debian_root(CACHE)))


@pytest.mark.parametrize(
    ("python_version", "c_library"),
    [
        pytest.param("3.10", 35, id="JetPack 6"),
        pytest.param("3.11", 36, id="Raspberry Pi OS 12"),
        pytest.param("3.12", 39, id="JetPack 7"),
        pytest.param("3.13", 41, id="Raspberry Pi OS 13"),
    ],
)
def test_everything_it_needs_comes_as_a_wheel(python_version: str, c_library: int) -> None:
    wanted = requirements(python_version)
    assert any(name.startswith("ai-edge-litert") for name in wanted)
    assert any(name.startswith("tomli") for name in wanted) == (python_version == "3.10")
    names = {
        re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower()
        for wheel in download(python_version, c_library, CACHE)
    }
    assert {re.split(r"[<>=!~]", name)[0].lower() for name in wanted} <= names


def test_the_wheel_needs_no_newer_c_library_than_it_says(own_wheel: Path, tmp_path: Path) -> None:
    assert own_wheel.name.endswith("-cp310-abi3-manylinux_2_17_aarch64.whl")
    kernels = sorted(unpacked([own_wheel], tmp_path).rglob("*.so"))
    wanted = {f"{name}.abi3.so" for name in ("_logmel", "_tcn", "_fused", "_board")}
    assert wanted <= {kernel.name for kernel in kernels}
    for kernel in kernels:
        content = kernel.read_bytes()
        assert content[18:20] == b"\xb7\x00"  # EM_AARCH64
        versions = {int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", content)}
        assert versions
        assert max(versions) <= 17


@pytest.mark.parametrize("engine", ["c", "reference", "tflite"])
def test_the_same_track_as_on_this_computer(arm: tuple[str, ...], tmp_path: Path, engine: str) -> None:
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    words = ("--model", "small", "--engine", engine, "--format", "csv")
    succeed("bake", SAMPLE, "-o", here, *words)
    _succeed(*arm, "-m", "mandible.cli.main", "bake", str(SAMPLE), "-o", str(there), *words)
    assert len(here.read_bytes().splitlines()) > 50
    assert there.read_bytes() == here.read_bytes()


def test_the_emulated_computer_is_no_mirror_of_this_one(arm: tuple[str, ...]) -> None:
    said = _succeed(*arm, "-c", "import platform; print(platform.machine(), platform.python_version())")
    assert said.split()[0] == "aarch64"
    assert said.split()[1].startswith(PYTHON_VERSION)


def test_the_default_runtime_starts_there(arm: tuple[str, ...]) -> None:
    question = (
        "from mandible.device.engines import available, create, default_name;"
        "from mandible.models.released import resolve;"
        "import numpy as np;"
        "print(available(), default_name());"
        "print(create('litert', resolve('small')).step(np.zeros(40, np.int8)).shape)"
    )
    said = _succeed(*arm, "-c", question)
    assert "'c', 'litert', 'tflite'" in said
    assert said.splitlines()[-1] == "(15,)"


def _succeed(*words: str) -> str:
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        words, env={**os.environ, **single}, capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
