"""Writing a file that is there whole or not at all: a program cut off leaves no half of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mandible.errors import InputError
from mandible.small_file import exists, is_file


def check_place(path: Path) -> None:
    """Raise InputError where ``path`` is there but no regular file, or its folder is missing."""
    if exists(path) and not is_file(path):
        raise InputError(f"{path}: cannot be written: not a regular file; name another")
    if not path.parent.is_dir():
        raise InputError(f"{path}: cannot be written: there is no folder {path.parent}; make it first")


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Give the path to write to; it becomes ``path`` when the block ends, and is removed when that fails.

    Raises:
        InputError: ``path`` is there but no regular file, its folder is missing, or the disk refuses.
    """
    # The same ending, for writers that look at it; the number, so that two programs never share one.
    partial = path.with_name(f"partial-{os.getpid()}-{path.name}")
    try:
        check_place(path)
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
