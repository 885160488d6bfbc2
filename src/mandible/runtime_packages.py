"""The packages that mandible cannot run without, and which of them an error speaks of."""

from __future__ import annotations

import sys

# As they are imported, and as they are installed.
PACKAGES = {"numpy": "numpy", "rich": "rich", "soxr": "soxr", "serial": "pyserial"}
if sys.version_info < (3, 11):
    PACKAGES["tomli"] = "tomli"


def broken_package(error: BaseException | None) -> str | None:
    """Return what to install for an import that failed; None where none of ours is the cause.

    A compiled module that misses NumPy says so only in what its own error came from.
    """
    for _ in range(10):
        if error is None:
            return None
        if isinstance(error, ImportError):
            package = PACKAGES.get((error.name or "").partition(".")[0])
            if package is not None:
                return package
        error = error.__cause__ or error.__context__
    return None


def remedy(package: str, error: BaseException) -> str:
    """Return the command that brings a package, or brings it again where it is there and does not load."""
    again = "" if isinstance(error, ModuleNotFoundError) else "--force-reinstall "
    return f"pip install {again}{package}"
