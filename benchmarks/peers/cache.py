"""Fetches rivals, at pinned versions whose hashes are known, into a folder of the user's cache."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from mandible.benchmarks.peers import fetching
from mandible.benchmarks.peers.catalogue import ADAPTERS, Peer, requirements_of
from mandible.errors import DeviceError, InputError
from mandible.small_file import read_object

# What a folder must hold to count as whole: path -> bytes.
MANIFEST = "installed.json"
_MOST_MANIFEST_BYTES = 16 << 20
# Another run may be fetching the same; it has time limits of its own.
_LONGEST_WAIT_S = 900.0
_LOOK_AGAIN_S = 0.2
_DIGITS = 10


def installed(peer: Peer, tell: Callable[[str], None] = lambda _: None) -> Path:
    """Return the folder where a peer is installed, after fetching it where it is not.

    ``folder/node_modules/NAME`` for npm, ``folder/venv`` for pip, ``folder/python`` for wheels that are only
    unpacked; for a peer that needs nothing, the adapters' own. The folder appears whole or not at all,
    whatever happens to this program; one that lacks a file is fetched anew.

    Args:
        peer: which.
        tell: called with a word on what is fetched.

    Raises:
        DeviceError: a tool is missing, nothing came, or something else than what was pinned; one line.
    """
    if peer.source == "none":
        return ADAPTERS
    folder = _root() / _folder_name(peer)
    # Before anything is written: a cache that somebody filled may be read-only.
    if _whole(folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder, peer, tell):
            if not _whole(folder):
                _fetch(peer, folder, tell)
    except OSError as error:
        raise DeviceError(
            f"{peer.name}: cannot be kept in {folder.parent}: {error.strerror or error}; "
            "make room there, or name another folder with XDG_CACHE_HOME"
        ) from None
    return folder


def python_of(folder: Path) -> Path:
    """Return the interpreter of a folder that pip filled."""
    return folder / "venv" / "bin" / "python"


def _root() -> Path:
    asked = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG base directory specification: a path that is not absolute counts as none.
    try:
        base = asked if asked.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        raise DeviceError("peers: no home folder to keep them in; set XDG_CACHE_HOME") from None
    return base / "mandible" / "peers"


def _folder_name(peer: Peer) -> str:
    """Return a name that changes with anything that is installed, so that an old folder is never taken."""
    pins = [f"{name} {pin}" for name, pin in sorted({**peer.packages, **peer.wheels}.items())]
    if peer.requirements:
        pins += [requirements_of(peer).read_text(encoding="utf-8"), platform.machine(), sys.version]
    digest = sha256("\n".join(pins).encode()).hexdigest()[:_DIGITS]
    name = next(iter(peer.packages), peer.key).rpartition("/")[2]
    return f"{name}-{peer.version}-{digest}"


@contextmanager
def _alone(folder: Path, peer: Peer, tell: Callable[[str], None]) -> Iterator[None]:
    """Hold the folder's lock; the kernel lets go of it when this program ends, however it ends."""
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        deadline_s = time.monotonic() + _LONGEST_WAIT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                # A lock cannot be waited for with a limit.
                if time.monotonic() > deadline_s:
                    raise DeviceError(
                        f"{peer.name}: another program has been fetching it for {_LONGEST_WAIT_S:g} s; "
                        "end that one and try again"
                    ) from None
                tell(f"waiting for another run that fetches {peer.name}")
                time.sleep(_LOOK_AGAIN_S)
        yield


def _fetch(peer: Peer, folder: Path, tell: Callable[[str], None]) -> None:
    # What a run that was killed left behind, and what somebody damaged.
    for left in (folder, *folder.parent.glob(f".{folder.name}.partial-*")):
        if left.is_symlink():
            left.unlink()
        shutil.rmtree(left, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent))
    try:
        if peer.packages:
            tell(f"fetching {', '.join(_named(peer.packages))} with npm into {folder}")
            fetching.npm(peer, partial)
        if peer.wheels:
            tell(f"fetching {', '.join(_named(peer.wheels))} with pip into {folder}")
            fetching.wheels(peer, partial)
        if peer.requirements:
            tell(f"fetching {peer.key} {peer.version} and what it needs with pip into {folder}")
            fetching.venv(peer, partial)
        files = {str(path.relative_to(partial)): path.stat().st_size for path in _files(partial)}
        (partial / MANIFEST).write_text(json.dumps(files), encoding="utf-8")
        partial.replace(folder)
    finally:
        with suppress(OSError):
            shutil.rmtree(partial)


def _named(pins: Mapping[str, str]) -> Iterator[str]:
    return (f"{name} {pin.split()[0]}" for name, pin in pins.items())


def _files(folder: Path) -> Iterator[Path]:
    # Byte code is written anew whenever Python likes to.
    return (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


def _whole(folder: Path) -> bool:
    """Whether every file is there in its full length."""
    try:
        wanted = read_object(folder / MANIFEST, _MOST_MANIFEST_BYTES)
        return bool(wanted) and all((folder / name).stat().st_size == size for name, size in wanted.items())
    except (InputError, OSError, ValueError):
        return False
