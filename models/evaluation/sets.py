"""Which utterances are measured: the sources of a corpus, each a set of its own, and their columns."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from mandible.errors import InputError
from mandible.models import corpus
from mandible.models.corpus import SPLITS, Utterance
from mandible.wording import shown

ALL_SPLITS = "all"
# What is known of every utterance, also of those in a plain folder without a table.
ALWAYS_KNOWN = ("speaker", "language", "split")
Sets = dict[str, list[Utterance]]


def chosen(directory: Path, names: Sequence[str] = (), split: str = "test") -> Sets:
    """Return the sets asked for: source folders, or patterns such as ``en_flite-*``; by default all.

    Args:
        directory: a corpus directory, or a folder of recordings with label files beside them.
        names: sources or patterns; each source they name must hold utterances of the split.
        split: ``train``, ``dev``, ``test`` or ``all``.

    Raises:
        InputError: a name matches no source, or there is nothing of that split.
    """
    if split not in (*SPLITS, ALL_SPLITS):
        raise InputError(f"--split {shown(split)}: must be one of {', '.join((*SPLITS, ALL_SPLITS))}")
    sources = _sources(directory, names)
    found = {}
    for source, utterances in sources.items():
        members = [one for one in utterances if split in (one.split, ALL_SPLITS)]
        if members:
            found[source] = members
        elif names:
            raise InputError(f"--set {source}: {_nothing_of(split, utterances)}")
    if not found:
        everything = [one for utterances in sources.values() for one in utterances]
        raise InputError(f"{directory}: {_nothing_of(split, everything)}")
    return found


def _nothing_of(split: str, utterances: Sequence[Utterance]) -> str:
    counts = Counter(one.split for one in utterances)
    there = ", ".join(f"{count} of {name}" for name, count in counts.items()) or "no recordings at all"
    return f"no recordings of split {split} ({there}); choose with --split"


def _sources(directory: Path, names: Sequence[str]) -> Sets:
    """Read the sources that are asked for; the others may be large, and are left alone."""
    if any((directory / "speech").glob("*/utts.csv")):
        known = corpus.sources(directory)
        wanted = _matching(directory, known, names)
        return {name: list(corpus.read_source(directory, name)) for name in wanted}
    found: Sets = defaultdict(list)
    for utterance in corpus.everything(directory):
        found[utterance.source].append(utterance)
    return {name: found[name] for name in _matching(directory, list(found), names)}


def _matching(directory: Path, known: Sequence[str], names: Sequence[str]) -> list[str]:
    for name in names:
        if not any(fnmatch(source, name) for source in known):
            raise InputError(f"--set {shown(name)}: no such source in {directory}; it has {', '.join(known)}")
    return [source for source in known if not names or any(fnmatch(source, name) for name in names)]


def column(directory: Path, sets: Sets, name: str) -> dict[str, dict[str, str]]:
    """Return source -> utterance -> value of a column of its ``utts.csv``.

    Raises:
        InputError: a source has no such column.
    """
    values = {}
    for source, utterances in sets.items():
        path = directory / "speech" / source / "utts.csv"
        if name in ALWAYS_KNOWN:
            values[source] = {one.name: str(getattr(one, name)) for one in utterances}
        elif path.exists():
            values[source] = _column_of(path, name)
        else:
            raise InputError(f"--by {shown(name)}: this folder tells only {', '.join(ALWAYS_KNOWN)}")
    return values


def _column_of(path: Path, name: str) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        known = list(reader.fieldnames or ())
        if name not in known:
            raise InputError(f"--by {shown(name)}: {path} has no such column; it has {', '.join(known)}")
        return {row["utt"]: row[name] or "(empty)" for row in reader}
