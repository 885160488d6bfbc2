"""Which reader a file is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mandible.errors import InputError
from mandible.models.annotations import audacity, htk, textgrid, timit, xwaves
from mandible.models.annotations.segments import Annotation, Request, read_text

Reader = Callable[[str, Request], Annotation]


def _lab(text: str, request: Request) -> Annotation:
    return xwaves.read(text, request) if xwaves.is_xwaves(text) else htk.read(text, request)


# By suffix in lower case. Where a recording has several of them beside it, the first one here counts:
# TIMIT and some aligners put transcripts without times into .txt and .lab.
READERS: dict[str, Reader] = {
    ".textgrid": textgrid.read,
    ".phn": timit.read,
    ".lab": _lab,
    ".txt": audacity.read,
}

# As people write the names, for messages.
NAMES = ", ".join((".TextGrid", ".phn", ".lab", ".txt"))


def read(request: Request) -> Annotation:
    """Read an annotation file of a known format.

    Raises:
        InputError: the suffix is unknown, the file is damaged or holds no labels.
    """
    reader = READERS.get(request.path.suffix.lower())
    if reader is None:
        raise InputError(f"{request.path}: no label file; its name must end in {NAMES}")
    annotation = reader(read_text(request.path), request)
    if not any(part.end_s > part.start_s for part in annotation.segments):
        raise InputError(f"{request.path}: no label in it has a length; label stretches, not points")
    return annotation


def preference(path: Path) -> int:
    """Return the rank of a label file among those of one recording, from 0, by its suffix."""
    return list(READERS).index(path.suffix.lower())
