"""Wheels for 64-bit ARM: those mandible needs, from the package index, and mandible's own, cross-compiled.

``python -m tests.aarch64.wheels FOLDER`` (``make wheel-aarch64``) leaves mandible's wheel in a folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

from tests.aarch64.debian_root import PYTHON_VERSION, debian_root

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = Path(__file__).parents[2]
CACHE = PROJECT / ".aarch64"
COMPILER = "aarch64-linux-gnu-gcc"
# The oldest C library the kernels need anything of; test_emulated.py looks.
PLATFORM = "manylinux_2_17_aarch64"
NOT_SOURCE = (".*", "build", "dist", "demo", "__pycache__", "*.so", "*.egg-info")
LIMIT_S = 600.0


def requirements(python_version: str) -> list[str]:
    """Return what mandible needs at run time on an ARM computer with this Python, from ``pyproject.toml``."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    there = {"python_version": python_version, "platform_machine": "aarch64", "sys_platform": "linux"}
    wanted = [Requirement(line) for line in project["dependencies"]]
    return [f"{r.name}{r.specifier}" for r in wanted if r.marker is None or r.marker.evaluate(there)]


def download(python_version: str, c_library: int, folder: Path, pins: Sequence[str] = ()) -> list[Path]:
    """Have pip choose wheels, and only wheels, for a Python on a C library 2.``c_library``; return them all.

    Raises RuntimeError with pip's words where there is no such set.
    """
    wanted = [*requirements(python_version), *pins]
    key = hashlib.sha256("\n".join([python_version, str(c_library), *wanted]).encode()).hexdigest()[:12]
    finished = folder / f"wheels-{python_version}-{key}"
    if not finished.exists():
        unfinished = finished.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        platforms = [f"--platform=manylinux_2_{n}_aarch64" for n in range(17, c_library + 1)]
        _run(
            *(sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"),
            *("--only-binary=:all:", "--implementation=cp", f"--python-version={python_version}"),
            *("--platform=manylinux2014_aarch64", *platforms, f"--dest={unfinished}", *wanted),
        )
        unfinished.rename(finished)
    return sorted(finished.glob("*.whl"))


def unpacked(wheels: Sequence[Path], folder: Path) -> Path:
    """Return a folder to put on ``PYTHONPATH``, holding what the wheels hold."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def build(destination: Path) -> Path:
    """Compile mandible's kernels for ARM and return its wheel."""
    if shutil.which(COMPILER) is None:
        raise RuntimeError(f"{COMPILER} is missing: apt install gcc-aarch64-linux-gnu libc6-dev-arm64-cross")
    include = debian_root(CACHE) / "usr" / "include"
    with tempfile.TemporaryDirectory() as temporary:
        # A copy: what an earlier build for this computer left behind would travel along.
        source = Path(temporary) / "source"
        shutil.copytree(PROJECT, source, symlinks=True, ignore=shutil.ignore_patterns(*NOT_SOURCE))
        made = Path(temporary) / "wheel"
        _run(
            *(sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps"),
            *(f"-C--build-option=--plat-name={PLATFORM}", "-w", str(made), str(source)),
            environment={
                "CC": COMPILER,
                "LDSHARED": f"{COMPILER} -shared",
                "CFLAGS": f"-I{include / f'python{PYTHON_VERSION}'} -I{include}",
                "_PYTHON_HOST_PLATFORM": "linux-aarch64",
            },
        )
        (wheel,) = made.glob("*.whl")
        destination.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy2(wheel, destination))


def _run(*words: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        words, env={**os.environ, **(environment or {})}, capture_output=True, text=True, timeout=LIMIT_S
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[1:4])} failed: {done.stderr.strip()[-600:]}")


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
