"""Puts a revision's files, or this source folder's as they lie, into a folder of their own."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tarfile
from contextlib import suppress
from pathlib import Path

from mandible.benchmarks.compare.revisions import Revision, git
from mandible.errors import InputError

LIMIT_S = 120.0
# A tree of ours has some 20 MB; more is somebody's corpus.
MOST_BYTES = 1 << 30
_GONE = (FileNotFoundError, NotADirectoryError)


def export_commit(wanted: Revision, folder: Path) -> None:
    """Unpack a commit into ``folder``, which is made; the repository and its worktrees stay untouched.

    Raises:
        InputError: git cannot read the commit, or it holds no mandible that could be built.
    """
    archive = folder.with_name(f"{folder.name}.tar")
    words = ("archive", "--format=tar", "-o", str(archive), wanted.commit)
    if git(wanted.repository, *words, limit_s=LIMIT_S) is None:
        raise InputError(f"--compare {wanted}: git cannot read it whole; try `git fsck`")
    folder.mkdir()
    try:
        with tarfile.open(archive) as packed:
            if sys.version_info >= (3, 12) or hasattr(tarfile, "data_filter"):
                packed.extractall(folder, filter="data")
            else:  # git itself writes no paths that lead out of the folder
                packed.extractall(folder)
    except tarfile.TarError as error:
        raise InputError(f"--compare {wanted}: cannot be unpacked ({error})") from None
    finally:
        archive.unlink(missing_ok=True)
    if not (folder / "setup.py").is_file() or not (folder / "src/mandible/__init__.py").is_file():
        raise InputError(f"--compare {wanted}: holds no mandible (setup.py, src/mandible); name a later one")


def export_present(repository: Path, folder: Path) -> None:
    """Copy the files that git knows or does not ignore, changed ones as they lie, into a new ``folder``.

    Raises:
        InputError: git does not list them, or they are more than any tree of ours has.
    """
    listed = git(repository, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is None:
        raise InputError(f"{repository}: git does not list its files; try `git fsck`")
    folder.mkdir()
    total = 0
    for name in sorted(set(filter(None, listed.split(b"\0")))):
        place = Path(os.fsdecode(name))
        with suppress(*_GONE):
            total += (repository / place).lstat().st_size
        if total > MOST_BYTES:
            raise InputError(
                f"{repository}: over {MOST_BYTES >> 30} GiB of files that git does not ignore (at {place}); "
                "move them elsewhere or add them to .gitignore"
            )
        _copy(repository / place, folder / place, repository)


def _copy(source: Path, target: Path, root: Path) -> None:
    """Copy a file or a link; nothing where it has gone meanwhile or is neither."""
    # A folder that became a link: what git lists below it is gone, and the copy's link may lead anywhere.
    if any(parent.is_symlink() for parent in source.parents if root in parent.parents):
        return
    with suppress(*_GONE):
        status = source.lstat()
        target.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(status.st_mode):
            target.symlink_to(source.readlink())
        elif stat.S_ISREG(status.st_mode):
            shutil.copy2(source, target)
