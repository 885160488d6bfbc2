"""Streams kept on disk between trainings: computing the features of several hours takes minutes."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mandible.models.corpus import Utterance
from mandible.models.dataset import Stream

# Raise it when features, labels or the changes of a recording are computed differently.
RECIPE = 1


def default_folder() -> Path:
    """Return the user's cache folder for streams."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "mandible" / "takes"


def key(utterances: Sequence[Utterance], *settings: object) -> str:
    """Return a name for what is computed from these utterances, their labels and files, and settings."""
    digest = hashlib.sha256(repr((RECIPE, *settings)).encode())
    for utterance in utterances:
        stat = utterance.path.stat()
        digest.update(repr((str(utterance.path), stat.st_size, stat.st_mtime_ns, utterance.phones)).encode())
        digest.update(utterance.starts_s.tobytes() + utterance.ends_s.tobytes() + utterance.text.encode())
    return digest.hexdigest()[:24]


def _kept(path: Path) -> dict[str, NDArray[np.generic]] | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, BadZipFile):
        print(f"{path}: damaged; computing it again", file=sys.stderr)
        return None


def arrays(
    path: Path, compute: Callable[[], dict[str, NDArray[np.generic]]]
) -> dict[str, NDArray[np.generic]]:
    """Return the arrays stored in ``path``, computed and stored first where they are not there yet."""
    found = _kept(path)
    if found is None:
        found = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        with partial.open("wb") as stream:
            np.savez(stream, **found)  # type: ignore[arg-type]
        partial.replace(path)
    return found


def stream(path: Path, compute: Callable[[], Stream]) -> Stream:
    """Return the stream stored in ``path``, computed and stored first where it is not there yet."""

    def columns() -> dict[str, NDArray[np.generic]]:
        fresh = compute()
        return {f.name: getattr(fresh, f.name) for f in fields(Stream) if getattr(fresh, f.name) is not None}

    return Stream(**arrays(path, columns))  # type: ignore[arg-type]
