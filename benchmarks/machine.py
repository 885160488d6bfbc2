"""What a result file says of the computer and the versions it was measured with."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mandible import __version__


def machine() -> dict[str, str | int]:
    """Return architecture, processor, number of cores and system."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("model name", "Model"))]
    return {
        "architecture": platform.machine(),
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.release()}",
    }


def versions(packages: Iterable[str] = ("numpy",)) -> dict[str, str]:
    """Return the versions of mandible, Python and those ``packages`` that are installed."""
    found = {"mandible": __version__, "python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
