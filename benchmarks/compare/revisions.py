"""Which commit a tag, branch or hash names, in the git repository that this code lies in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import mandible
from mandible.errors import DeviceError, InputError
from mandible.quantize import programs
from mandible.small_file import exists
from mandible.wording import shortened

_LIMIT_S = 60.0
_LONGEST_NAME = 200
# What a hook of git has set for its own repository must not lead to that one; nothing is to be locked.
_UNSET = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
_REMEDY = "git clone mandible, `pip install -e .` there, and compare from that folder"


@dataclass(frozen=True)
class Revision:
    """A commit.

    Attributes:
        named: as a person named it.
        commit: its 40 hexadecimal digits.
        repository: the folder of the source that git keeps.
    """

    named: str
    commit: str
    repository: Path

    def __str__(self) -> str:
        """Return both names on one line."""
        return f"{shortened(self.named)} ({self.commit[:12]})"


def revision(named: str, source: Path | None = None) -> Revision | None:
    """Return the commit that a tag, branch or commit names; None where ``named`` is a file instead.

    Args:
        named: what stands behind ``--compare``.
        source: the source folder; None for the one that this code lies in.

    Raises:
        InputError: it is neither, or both.
        DeviceError: it is no file, and this code does not lie in a clone, or there is no git.
    """
    told = shortened(named)
    if not named or named.startswith("-") or "\0" in named or len(named) > _LONGEST_NAME:
        if named and "\0" not in named and exists(Path(named)):
            return None
        raise InputError(f"--compare {told}: no file, tag, branch or commit can have this name; check it")
    is_file = exists(Path(named)) and not Path(named).is_dir()
    try:
        repository = _repository(source)
    except DeviceError as error:
        if is_file:
            return None
        raise DeviceError(f"--compare {told}: no such file; {error}") from None
    commit = _commit(repository, named)
    if commit is None and not is_file:
        raise InputError(
            f"--compare {told}: no such file, and no tag, branch or commit of {repository}; "
            "`git tag` lists tags, `git fetch --tags` brings those of others"
        )
    if commit is not None and is_file:
        raise InputError(
            f"--compare {told}: a file and a revision have this name; write ./{named} for the file, "
            f"{commit[:12]} for the revision"
        )
    return None if commit is None else Revision(named, commit, repository)


def git(repository: Path, *words: str, limit_s: float = _LIMIT_S) -> bytes | None:
    """Return what git prints of a repository; None where it says no.

    Raises:
        DeviceError: there is no git, or it does not end.
    """
    unset = [word for name in _UNSET for word in ("-u", name)]
    command = ["env", *unset, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "git"]
    done = programs.run([*command, "-C", str(repository), *words], limit_s)
    if done.returncode == 127:
        raise DeviceError("git is not installed: sudo apt-get install git")
    return done.stdout if done.returncode == 0 else None


def _repository(source: Path | None) -> Path:
    folder = source or Path(mandible.__file__).resolve().parents[2]
    if not (folder / "setup.py").is_file() or not (folder / "src/mandible/__init__.py").is_file():
        raise DeviceError(f"tags, branches and commits need mandible's source under git: {_REMEDY}")
    top = git(folder, "rev-parse", "--show-toplevel")
    if top is None or Path(top.decode(errors="surrogateescape").rstrip("\n")).resolve() != folder.resolve():
        raise DeviceError(f"{folder} is no clone of git, or not yours: {_REMEDY}")
    return folder.resolve()


def _commit(repository: Path, named: str) -> str | None:
    said = git(repository, "rev-parse", "--verify", "--quiet", f"{named}^{{commit}}")
    found = (said or b"").decode("ascii", "replace").strip()
    return found if len(found) in (40, 64) and set(found) <= set("0123456789abcdef") else None


def described(repository: Path) -> str:
    """Return which commit a source folder stands at, and whether files differ from it."""
    head = git(repository, "rev-parse", "--verify", "--quiet", "HEAD")
    changed = git(repository, "status", "--porcelain=v1", "-unormal")
    named = (head or b"no commit").decode("ascii", "replace").strip()
    return f"{named} and changes" if changed else named
