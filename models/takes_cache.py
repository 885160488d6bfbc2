"""Streams kept on disk between trainings: computing the features of several hours takes minutes."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from mandible.device.frames import MEL_BANDS
from mandible.errors import InputError
from mandible.models import array_file
from mandible.models.array_file import Arrays, DamagedError
from mandible.models.augment import codecs
from mandible.models.corpus import Utterance
from mandible.models.dataset import Stream
from mandible.models.visemes import VISEME_COUNT

# Raise it when features, labels or the changes of a recording are computed differently.
RECIPE = 2
SOUND_FOLDERS = ("rir", "noise")
_MARK_BYTES = 4096
# Column of a stream -> type, and what comes after the number of hops in its shape.
_COLUMNS: dict[str, tuple[str, tuple[int, ...]]] = {
    "mels": ("|i1", (MEL_BANDS,)),
    "viseme": ("|i1", ()),
    "accepted": ("<u2", ()),
    "jaw_percent": ("|u1", ()),
    "soft": ("|u1", (VISEME_COUNT,)),
}
_STARTS = "<i8"
_KINDS = sorted({kind for kind, _ in _COLUMNS.values()} | {_STARTS})


def default_folder() -> Path:
    """Return the user's cache folder for streams."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "mandible" / "takes"


def mark(path: Path) -> str:
    """Return size and a hash of beginning, middle and end of a file: the same wherever the file lies.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            digest = hashlib.sha256()
            for start in (0, size // 2, max(0, size - _MARK_BYTES)):
                stream.seek(start)
                digest.update(stream.read(_MARK_BYTES))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    return f"{size}-{digest.hexdigest()[:16]}"


def key(utterances: Iterable[Utterance], *settings: object) -> str:
    """Return a name for what is computed from these utterances, their labels and files, and settings.

    It does not say where the files lie or when they were written: a copied corpus has the same.
    """
    digest = hashlib.sha256(repr((RECIPE, *settings)).encode())
    for one in utterances:
        digest.update(repr((mark(one.path), one.language, one.phoneset, one.phones, one.text)).encode())
        digest.update(one.starts_s.tobytes() + one.ends_s.tobytes())
    return digest.hexdigest()[:24]


def sounds_key(directory: Path, folders: Sequence[str] = SOUND_FOLDERS) -> str:
    """Return a name for the rooms and the noise recordings of a corpus directory."""
    files = [
        (folder, path.name, mark(path))
        for folder in folders
        for path in sorted((directory / folder).glob("*"))
        if path.is_file()
    ]
    return hashlib.sha256(repr(files).encode()).hexdigest()[:24]


def changes_key(directory: Path) -> str:
    """Return a name for what changes recordings: the corpus' rooms, and the codecs that work here."""
    return f"{sounds_key(directory, ('rir',))} {[codec.name for codec in codecs.available()]}"


def arrays(path: Path, compute: Callable[[], Arrays], fit: Callable[[Arrays], bool]) -> Arrays:
    """Return the arrays stored in ``path``, computed and stored first where they are not there yet.

    Args:
        path: the file; what is in it and does not ``fit`` counts as damaged and is computed again.
        compute: returns what to store.
        fit: tells whether stored arrays are of the names, types and shapes that belong there.

    Raises:
        InputError: the file or its folder cannot be written.
    """
    try:
        # Nothing is compressed: arrays that are larger than their file are a lie.
        found = array_file.read(path, _KINDS, path.stat().st_size)
        if fit(found):
            return found
        print(f"{path}: damaged; computing it again", file=sys.stderr)
    except DamagedError:
        print(f"{path}: damaged; computing it again", file=sys.stderr)
    except OSError:  # not there yet, or not to be read: then writing it tells why
        pass
    fresh = compute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be made: {error.strerror or error}; see --cache") from None
    array_file.write(path, fresh)
    return fresh


def fits(found: Arrays, names: Iterable[str], hops: int) -> bool:
    """Tell whether arrays are these columns of a stream, and no others."""
    return set(found) == set(names) and all(
        (found[name].dtype, found[name].shape) == (np.dtype(kind), (hops, *rest))
        for name, (kind, rest) in _COLUMNS.items()
        if name in found
    )


def _is_stream(found: Arrays) -> bool:
    starts = found.get("starts")
    if starts is None or starts.dtype != np.dtype(_STARTS) or starts.ndim != 1 or "viseme" not in found:
        return False
    hops, rest = found["viseme"].size, {name: array for name, array in found.items() if name != "starts"}
    ascending = bool((np.diff(np.append(np.concatenate([[0], starts]), hops)) >= 0).all())
    return ascending and fits(rest, set(_COLUMNS) - {"soft"}, hops)


def stream(path: Path, compute: Callable[[], Stream]) -> Stream:
    """Return the stream stored in ``path``, computed and stored first where it is not there yet."""

    def columns() -> Arrays:
        fresh = compute()
        return {f.name: getattr(fresh, f.name) for f in fields(Stream) if getattr(fresh, f.name) is not None}

    return Stream(**arrays(path, columns, _is_stream))  # type: ignore[arg-type]
