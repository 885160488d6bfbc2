"""Writing a file that is there whole or not at all: a program cut off leaves no half of one.

For writers that want a path or write all at once; ``device.sinks.atomic_file`` is for output that grows.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mandible.device.sinks.atomic_file import REMEDIES
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
    # A link keeps pointing where it pointed.
    target = Path(os.path.realpath(path))
    # The same ending, for writers that look at it; the number, so that two programs never share one.
    partial = target.with_name(f"partial-{os.getpid()}-{target.name}")
    try:
        check_place(path)
        try:
            yield partial
            if target.exists():
                partial.chmod(stat.S_IMODE(target.stat().st_mode))
            # Else the new name may reach the disk before its contents do, and the power fail between the two.
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        remedy = REMEDIES.get(error.errno or 0, "choose another place")
        raise InputError(f"{path}: cannot be written: {reason}: {remedy}") from None
