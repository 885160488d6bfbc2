"""Which utterances are measured: the sources of a corpus, each a set of its own, and their columns."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from mandible.errors import InputError
from mandible.models import corpus
from mandible.models.corpus import SPLITS, Utterance
from mandible.wording import shown

ALL_SPLITS = "all"
Sets = dict[str, list[Utterance]]


def chosen(directory: Path, names: Sequence[str] = (), split: str = "test") -> Sets:
    """Return the sets asked for: source folders, or patterns such as ``en_flite-*``; by default all.

    Args:
        directory: a corpus directory.
        names: sources or patterns; each of them must hold utterances of the split.
        split: ``train``, ``dev``, ``test`` or ``all``.

    Raises:
        InputError: a name matches no source, or there is nothing of that split.
    """
    if split not in (*SPLITS, ALL_SPLITS):
        raise InputError(f"--split {shown(split)}: must be one of {', '.join((*SPLITS, ALL_SPLITS))}")
    sources = corpus.source_names(directory)
    for name in names:
        if not any(fnmatch(source, name) for source in sources):
            raise InputError(
                f"--set {shown(name)}: no such source in {directory}; it has {', '.join(sources)}"
            )
    wanted = [source for source in sources if not names or any(fnmatch(source, name) for name in names)]
    found: Sets = {}
    others: Counter[str] = Counter()
    for source in wanted:
        utterances = list(corpus.read_source(directory, source))
        members = [one for one in utterances if split in (one.split, ALL_SPLITS)]
        if members:
            found[source] = members
        elif names:
            counts = ", ".join(f"{n} {name}" for name, n in Counter(u.split for u in utterances).items())
            raise InputError(
                f"--set {source}: has no utterances of split {split} ({counts or 'none at all'})"
            )
        others.update(one.split for one in utterances)
    if not found:
        counts = ", ".join(f"{n} {name}" for name, n in others.items()) or "none at all"
        raise InputError(f"{directory}: no utterances of split {split} ({counts})")
    return found


def column(directory: Path, sets: Sets, name: str) -> dict[str, dict[str, str]]:
    """Return source -> utterance -> value of a column of its ``utts.csv``.

    Raises:
        InputError: a source has no such column.
    """
    values = {}
    for source in sets:
        path = directory / "speech" / source / "utts.csv"
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            known = list(reader.fieldnames or ())
            if name not in known:
                raise InputError(f"--by {shown(name)}: {path} has no such column; it has {', '.join(known)}")
            values[source] = {row["utt"]: row[name] or "(empty)" for row in reader}
    return values
