"""Engines that TensorRT built before, kept by everything that they depend on.

An entry is ``NAME-KEY.engine`` and beside it ``NAME-KEY.engine.json``, which says what it was built from; it
is used again only where that is the same to the letter and the engine still has its checksum.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from mandible.errors import InputError
from mandible.small_file import read_object, read_small
from mandible.whole_file import written

Origin: TypeAlias = Mapping[str, str | int]

KEY_CHARACTERS = 16
MOST_ENGINE_BYTES = 512 << 20
MOST_RECORD_BYTES = 1 << 20
OWNER_WRITES = 0o644


def folder() -> Path:
    """Return where engines are kept: ``$XDG_CACHE_HOME/mandible/trt``, or below ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # A relative one is to be ignored: XDG Base Directory Specification.
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return root / "mandible" / "trt"


def place(origin: Origin) -> Path:
    """Return the file that an engine of this origin has in the cache, whether it is there or not."""
    key = hashlib.sha256(json.dumps(dict(origin), sort_keys=True).encode()).hexdigest()
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", str(origin["model"]))[:40]
    return folder() / f"{name}-{key[:KEY_CHARACTERS]}.engine"


def find(origin: Origin) -> bytes | None:
    """Return the engine built from this origin, or None where there is none that is whole."""
    path = place(origin)
    # Loading an engine can run whatever is in it: it must not be what somebody else put there.
    if not all(_is_ours(file) for file in (path, record_of(path))):
        return None
    try:
        record = read_object(record_of(path), MOST_RECORD_BYTES)
        engine = read_small(path, MOST_ENGINE_BYTES)
    except InputError:
        return None
    return engine if record == _record(engine, origin) else None


def make_folder() -> None:
    """Make sure that engines can be kept, before minutes go into one; raises InputError where they cannot."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder()}: cannot be made: {error.strerror or error}; set XDG_CACHE_HOME to another folder"
        ) from None


def keep(engine: bytes, origin: Origin) -> Path:
    """Add an engine; return where it lies. Raises InputError where the disk refuses."""
    make_folder()
    path = place(origin)
    write(path, engine, origin)
    with suppress(OSError):
        for file in (path, record_of(path)):
            file.chmod(OWNER_WRITES)  # whatever the umask says: ``find`` takes no others
    return path


def write(path: Path, engine: bytes, origin: Origin) -> None:
    """Write an engine and beside it what it was built from, each whole or not at all."""
    with written(path) as partial:
        partial.write_bytes(engine)
    with written(record_of(path)) as partial:
        partial.write_text(json.dumps(_record(engine, origin), indent=1) + "\n", encoding="utf-8")


def record_of(path: Path) -> Path:
    """Return the file that says what an engine was built from."""
    return path.with_name(path.name + ".json")


def _is_ours(path: Path) -> bool:
    """Whether nobody but this user or root can have written a file."""
    try:
        found = path.stat()
    except OSError:
        return False
    others_write = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return found.st_uid in (0, os.geteuid()) and not others_write


def _record(engine: bytes, origin: Origin) -> dict[str, str | int]:
    return {**origin, "engine_sha256": hashlib.sha256(engine).hexdigest()}
