"""Finding models: the released ones by name, with their checksum verified, others by path.

A released model is ``<name>.tflite`` with ``<name>.card.json`` in this folder; a model elsewhere may have
a card of the same form beside it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.models.tflite_file import read_bytes
from mandible.small_file import exists, is_file, read_small
from mandible.wording import shortened, shown

FOLDER = Path(__file__).parent
CARD_SUFFIX = ".card.json"
# What our recipe trains with; assumed for a model without a card.
DEFAULT_LOOKAHEAD_MS = 30
MOST_CARD_BYTES = 1 << 20
# Comparing what was asked for with a name takes time that grows with the length.
_LONGEST_NAME = 60


@dataclass(frozen=True)
class ModelFile:
    """A model on disk.

    Attributes:
        path: the streaming ``.tflite`` file.
        name: the card's name, or the file's stem.
        sha256: of the file, in hexadecimal.
        lookahead_ms: how much sound after an instant the network waits for before it describes it.
        card: everything its card says; empty where it has none.
    """

    path: Path
    name: str
    sha256: str
    lookahead_ms: int
    card: dict[str, Any] = field(default_factory=dict, compare=False)


def names() -> list[str]:
    """Return the names of the released models."""
    return sorted(path.name.removesuffix(CARD_SUFFIX) for path in FOLDER.glob(f"*{CARD_SUFFIX}"))


def card_path(model: Path) -> Path:
    """Return where the card of a ``.tflite`` file lies."""
    return model.with_name(model.stem + CARD_SUFFIX)


def read_card(path: Path) -> dict[str, Any]:
    """Read a card; raises InputError where it is damaged or lacks a needed field."""
    try:
        card = json.loads(read_small(path, MOST_CARD_BYTES).decode("utf-8"))
    except (RecursionError, ValueError) as error:
        raise InputError(f"{path}: not a readable model card ({shortened(str(error))})") from None
    needed = {"name": str, "sha256": str, "lookahead_ms": int}
    for key, kind in needed.items():
        if not isinstance(card, dict) or type(card.get(key)) is not kind:
            raise InputError(f"{path}: a model card needs {key!r} ({kind.__name__})")
    if not card["name"].isprintable():  # an output's header says it, and so does the terminal
        raise InputError(f"{path}: name {shown(card['name'])} must hold nothing but printable characters")
    if not 0 <= card["lookahead_ms"] <= 1000:
        raise InputError(f"{path}: lookahead_ms {shown(card['lookahead_ms'])} must lie between 0 and 1000")
    return dict(card)


def resolve(name_or_path: str | Path) -> ModelFile:
    """Return the model of that name, or at that path.

    Raises:
        InputError: neither a released name nor a file; or the file is not the one its card describes.
    """
    is_released = str(name_or_path) in names()
    path = FOLDER / f"{name_or_path}.tflite" if is_released else Path(name_or_path)
    if not is_released and not is_file(path):
        asked, known = str(name_or_path), names()
        near = difflib.get_close_matches(asked[:_LONGEST_NAME].casefold(), known, n=1)
        listed, hint = ", ".join(known) or "none", f"; did you mean {near[0]}?" if near else ""
        raise InputError(
            f"model {shortened(asked)!r} is neither a released model ({listed}) nor a file{hint}"
        )
    digest = hashlib.sha256(read_bytes(path)).hexdigest()
    beside = card_path(path)
    if not exists(beside):
        return ModelFile(path, path.stem, digest, DEFAULT_LOOKAHEAD_MS)
    card = read_card(beside)
    if card["sha256"] != digest:
        fix = "reinstall mandible" if is_released else f"remove or rewrite {beside.name}"
        raise InputError(f"{path}: its sha256 is not the one in {beside.name}; {fix}")
    return ModelFile(path, card["name"], digest, card["lookahead_ms"], card)
