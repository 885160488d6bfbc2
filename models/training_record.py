"""The record of a training in its folder, read without trusting it, and what the training learned from.

``training.json`` is there when a training is done, ``progress.json`` from the first epoch on. Both hold the
settings and names of all that was learned from, so that a folder never goes on with anything else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.models import float_weights, takes_cache
from mandible.models.settings import Settings
from mandible.models.utterance import Utterance
from mandible.small_file import read_object
from mandible.whole_file import written

RECORD, PROGRESS = "training.json", "progress.json"
LEARNED_FROM = "learned_from"
_MOST_BYTES = 16 << 20
_KINDS = {"settings": dict, "history": list, "data": dict, "sounds": list, "checkpoint": str}
_ROW = ("epoch", "loss", "dev_accuracy", "seconds")
# Part of what is learned from -> how a person knows it.
_WORDS = {
    "train": "recordings to learn from",
    "dev": "recordings to choose with",
    "sounds": "rooms or noises",
    "teacher_sha256": "teacher",
    "start_sha256": "starting weights",
}


def learned_from(
    learn: Sequence[Utterance],
    dev: Sequence[Utterance],
    directory: Path,
    teacher: Path | None = None,
    start: Path | None = None,
) -> dict[str, str | None]:
    """Return names of all that a training learns from; the same for the same content, wherever it lies.

    Args:
        learn: recordings to learn from.
        dev: recordings to choose the epoch with.
        directory: corpus directory whose rooms and noises are used.
        teacher: file of its weights.
        start: file of the weights to begin with.

    Raises:
        InputError: a file cannot be read.
    """
    return {
        "train": takes_cache.key(learn),
        "dev": takes_cache.key(dev),
        "sounds": takes_cache.sounds_key(directory),
        "teacher_sha256": float_weights.sha256_of(teacher) if teacher else None,
        "start_sha256": float_weights.sha256_of(start) if start else None,
    }


def read(path: Path, *needed: str) -> dict[str, Any]:
    """Return a record; raises InputError where it is damaged or one of the fields needed is not there."""
    record = read_object(path, _MOST_BYTES)
    for name in needed:
        if not isinstance(record.get(name), _KINDS[name]):
            raise InputError(f"{path}: damaged: a training record needs {name!r} ({_KINDS[name].__name__})")
    for row in record["history"] if "history" in needed else ():
        if not isinstance(row, dict) or not all(type(row.get(name)) in (int, float) for name in _ROW):
            raise InputError(f"{path}: damaged: each epoch of 'history' needs the numbers {', '.join(_ROW)}")
    if "history" in needed and not record["history"]:
        raise InputError(f"{path}: damaged: 'history' is empty")
    if "checkpoint" in needed and Path(record["checkpoint"]).name != record["checkpoint"]:
        raise InputError(f"{path}: damaged: 'checkpoint' must be a name without folders")
    sources = [record["data"].get(split) for split in ("train", "dev")] if "data" in needed else []
    for rows in [*sources, record["sounds"] if "sounds" in needed else []]:
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and isinstance(row.get("licence"), str) for row in rows
        ):
            raise InputError(f"{path}: damaged: a source of 'data' or 'sounds' has no licence")
    return record


def refuse_another(folder: Path, kept: dict[str, Any], settings: Settings, heard: dict[str, Any]) -> None:
    """Raise InputError unless a record in ``folder`` is of a training with these settings and material.

    Records of earlier versions do not tell what they learned from; they are taken for the same.
    """
    told, asked = kept["settings"], settings.described()
    others = []
    if told != asked:
        names = sorted(name for name in {*told, *asked} if told.get(name) != asked.get(name))
        others.append(f"settings ({', '.join(names)})")
    before = kept.get(LEARNED_FROM, heard)
    if not isinstance(before, dict):
        raise InputError(f"{folder}: its record is damaged: {LEARNED_FROM!r} must be an object")
    others += [words for part, words in _WORDS.items() if before.get(part) != heard[part]]
    if others:
        raise InputError(
            f"{folder}: holds a training with other {', '.join(others)}; name another folder with -o"
        )


def write(path: Path, content: Any) -> None:
    """Write plain data as JSON, never half a file; raises InputError where that cannot be done."""
    with written(path) as partial:
        partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
