"""What a result file says of the computer and the versions it was measured with."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mandible import __version__
from mandible.device.telemetry import kernel
from mandible.device.telemetry.kernel_file import text

ROOT = Path("/")


def machine(root: Path = ROOT) -> dict[str, str | int | None]:
    """Return architecture, processor, board, number of cores, system, clock governor, clock and memory.

    None where the computer does not tell, as a virtual one of its clocks.

    Args:
        root: the folder that holds ``sys`` and ``proc``.
    """
    cpuinfo = root / "proc/cpuinfo"
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("model name", "Model"))]
    reading = kernel.read(root)
    return {
        "architecture": platform.machine(),
        "processor": names[0] if names else platform.processor(),
        "board": text(root / "proc/device-tree/model"),
        "cores": os.cpu_count() or 1,
        "usable_cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "distribution": _distribution(root),
        "governor": reading.governor if reading else None,
        "scaling_driver": reading.scaling_driver if reading else None,
        "cpu_max_mhz": reading.cpu_max_mhz if reading else None,
        "memory_mb": reading.ram_total_mb if reading else None,
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


def _distribution(root: Path) -> str | None:
    try:
        lines = (root / "etc/os-release").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next(
        (line.partition("=")[2].strip('"') for line in lines if line.startswith("PRETTY_NAME=")), None
    )
