"""What is installed: Python, packages that nothing works without, compiled kernels, PyAudio, models."""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Iterator
from importlib.util import find_spec

from mandible.device.audio.portaudio import INSTALL_PYAUDIO
from mandible.device.doctor.check import FAIL, OK, REINSTALL, WARN, Check
from mandible.errors import MandibleError
from mandible.runtime_packages import PACKAGES, broken_package, remedy

OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
KERNELS = {
    "front end kernel": "mandible.device.frontend._logmel",
    "engine kernel": "mandible.device.engines._tcn",
    "line kernel": "mandible.device.fused._fused",
    "virtual board kernel": "mandible.firmware_bridge._board",
}


def python() -> Iterator[Check]:
    """Yield whether this release was built for this Python."""
    version = platform.python_version()
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        yield Check("python", OK, f"{version} on {platform.machine()}")
        return
    wanted = f"{'.'.join(map(str, OLDEST_PYTHON))} to {'.'.join(map(str, NEWEST_PYTHON))}"
    remedy = "in mandible's source folder: rm -rf .venv && make install PYTHON=python3.11"
    yield Check("python", FAIL, f"{version}; {wanted} are supported", remedy)


def numpy() -> Iterator[Check]:
    """Yield whether NumPy imports."""
    try:
        yield Check("numpy", OK, str(importlib.import_module("numpy").__version__))
    except ImportError as error:
        yield unloadable("numpy", error)


def packages() -> Iterator[Check]:
    """Yield which of the other packages that mandible cannot run without import."""
    loaded = []
    for module, package in PACKAGES.items():
        if package == "numpy":
            continue
        try:
            importlib.import_module(module)
        except ImportError as error:
            yield unloadable(package, error)
        else:
            loaded.append(package)
    if loaded:
        yield Check("packages", OK, f"{', '.join(loaded)} load")


def unloadable(name: str, error: ImportError) -> Check:
    """Return that an import failed, and the command that mends what is the cause of it."""
    package = broken_package(error)
    if package is None:
        return Check(name, FAIL, str(error), REINSTALL)
    finding = str(error) if name == package else f"needs {package}, which does not load"
    return Check(name, FAIL, finding, remedy(package, error))


def kernels() -> Iterator[Check]:
    """Yield whether each compiled part loads."""
    for name, module in KERNELS.items():
        yield kernel(name, module)


def kernel(name: str, module: str) -> Check:
    """Return whether a compiled part loads."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        return unloadable(name, error)
    return Check(name, OK, "loads")


def pyaudio() -> Iterator[Check]:
    """Yield whether PyAudio is there; recordings and pipes work without."""
    if find_spec("pyaudio") is None:
        finding = "not installed: no microphone and no loudspeaker (files, pipes and tcp: work)"
        yield Check("PyAudio", WARN, finding, INSTALL_PYAUDIO)
    else:
        yield Check("PyAudio", OK, "installed")


def models() -> Iterator[Check]:
    """Yield whether each released model is whole: finding it compares its bytes with those its card names."""
    released = importlib.import_module("mandible.models.released")
    names = released.names()
    if not names:
        yield Check("models", FAIL, "no released model is installed", REINSTALL)
        return
    whole = []
    for name in names:
        try:
            found = released.resolve(name)
        except MandibleError as error:
            yield Check(f"model {name}", FAIL, str(error), REINSTALL)
        else:
            whole.append(f"{name} (sha256 {found.sha256[:12]}…)")
    if whole:
        yield Check("models", OK, ", ".join(whole))
