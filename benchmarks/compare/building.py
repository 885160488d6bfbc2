"""Builds a tree's C kernels in its folder; those of commits are kept for the next time."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mandible.benchmarks.compare.export import export_commit
from mandible.benchmarks.compare.revisions import Revision
from mandible.errors import DeviceError, InputError
from mandible.quantize import programs
from mandible.wording import shortened

LIMIT_S = 900.0
# As pyproject.toml asks for.
SETUPTOOLS = 77
MOST_KEPT = 4
_LONGEST_REASON = 300
_COMPILER_PACKAGES = "sudo apt-get install build-essential python3-dev"
# In place for the run, and where an installation would have it, to weigh that. One job: kernels share
# sources, and two jobs would write one object file while the other links it.
_BUILD = ("setup.py", "-q", "build_ext", "--inplace", "build_py")
_FLAGS = ("CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "LDSHARED")


def compiler() -> str:
    """Return the C compiler's first line on itself.

    Raises:
        DeviceError: there is none.
    """
    words = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    if shutil.which(words[0]) is None:
        raise DeviceError(
            f"--compare with a revision builds its C kernels: no compiler {words[0]}: {_COMPILER_PACKAGES}"
        )
    said = programs.run([words[0], "--version"], 60.0).stdout.decode("utf-8", "replace").splitlines()
    return said[0] if said else words[0]


def build(tree: Path, told: str) -> None:
    """Build the kernels of the tree in its own folder.

    Args:
        tree: what ``export`` made.
        told: what a person calls it.

    Raises:
        InputError: it does not build; the compiler's own last complaint.
        DeviceError: setuptools or Python's headers are missing or too old, or it takes too long.
    """
    _check_setuptools()
    environment = ["env", "-u", "PYTHONPATH", "LC_ALL=C", sys.executable]
    done = programs.run([*environment, *_BUILD], LIMIT_S, folder=tree)
    if done.returncode == 0:
        return
    said = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
    if "Python.h" in said:
        raise DeviceError(f"{told}: building needs Python's headers: {_COMPILER_PACKAGES}")
    raise InputError(f"{told}: does not build: {shortened(_complaint(said), _LONGEST_REASON)}")


def _check_setuptools() -> None:
    """Raise DeviceError unless this Python can build here: pip fetches a setuptools of its own, we do not."""
    try:
        found = version("setuptools")
    except PackageNotFoundError:
        found = "none"
    if not found.partition(".")[0].isdigit() or int(found.partition(".")[0]) < SETUPTOOLS:
        raise DeviceError(
            f"--compare with a revision builds its C kernels: setuptools {SETUPTOOLS} or newer is needed, "
            f"here is {found}: {sys.executable} -m pip install 'setuptools>={SETUPTOOLS}'"
        )


def _complaint(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    # The last one is setuptools' own "error: command ... failed".
    found = [line for line in lines if "rror:" in line and not line.lower().startswith("error: command")]
    return (found or lines or ["it does not say why"])[-1]


def installed_bytes(tree: Path) -> int:
    """Return how much an installation of a built tree takes, without compiled Python."""
    libraries = sorted((tree / "build").glob("lib*"))
    return sum(
        file.stat().st_size
        for library in libraries
        for file in library.rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    )


def build_commit(wanted: Revision, folder: Path, tell: Callable[[str], None]) -> None:
    """Make ``folder`` the built tree of a commit, from the cache where it lies there.

    Kept by commit, interpreter, compiler and flags; where nothing can be kept, it is built for this once.
    """
    kept = _cache() / f"{wanted.commit[:16]}-{_recipe()}"
    if kept.is_dir():
        tell(f"takes {wanted} from {kept.parent}")
        try:
            shutil.copytree(kept, folder, symlinks=True)
            os.utime(kept)
            return
        except (OSError, shutil.Error):  # somebody cleared the cache meanwhile
            shutil.rmtree(folder, ignore_errors=True)
    tell(f"builds {wanted}")
    export_commit(wanted, folder)
    build(folder, str(wanted))
    with suppress(OSError, shutil.Error):
        _keep(folder, kept)


def _keep(tree: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=kept.parent))
    try:
        shutil.copytree(tree, partial / "tree", symlinks=True)
        if not kept.exists():
            (partial / "tree").rename(kept)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    # The oldest go, and with them what a killed program left half written.
    others = [one for one in kept.parent.iterdir() if one.is_dir() and one != kept]
    for one in sorted(others, key=lambda place: place.stat().st_mtime)[: -(MOST_KEPT - 1)]:
        shutil.rmtree(one, ignore_errors=True)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    # A relative one is to be ignored: XDG Base Directory Specification.
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return root / "mandible" / "trees"


def _recipe() -> str:
    parts = [sys.version, sys.executable, sysconfig.get_platform(), compiler(), *_BUILD]
    parts += [f"{name}={os.environ.get(name, '')}" for name in _FLAGS]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
