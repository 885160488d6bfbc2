"""Choosing what to learn from: utterances by split, language, licence and source.

A corpus is a corpus directory (``corpus_directory``) or a plain folder of labelled recordings
(``labelled_folder``), whose licence is its user's own business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path

from mandible.errors import InputError
from mandible.models.corpus_directory import is_corpus_directory, source_names
from mandible.models.corpus_directory import read_source as read_source
from mandible.models.label_options import LabelOptions
from mandible.models.labelled_folder import read_folder
from mandible.models.licences import licence_of as licence_of
from mandible.models.licences import may_train as may_train
from mandible.models.recordings import read_audio as read_audio
from mandible.models.utterance import SPLITS as SPLITS
from mandible.models.utterance import Utterance as Utterance

# Inside ``utterances`` the short name is an argument.
sources = source_names


def _speaks(utterance: Utterance, languages: Iterable[str]) -> bool:
    spoken = utterance.language.lower()
    return any(spoken == asked.lower() or spoken.startswith(f"{asked.lower()}-") for asked in languages)


def _named(name: str, patterns: Sequence[str] | None) -> bool:
    return patterns is None or any(fnmatch(name, pattern) for pattern in patterns)


def everything(directory: Path, labels: LabelOptions | None = None) -> list[Utterance]:
    """Return all utterances of a corpus directory or of a folder of recordings, whatever their licence.

    Raises:
        InputError: a file is damaged, or the directory holds no labelled speech.
    """
    if is_corpus_directory(directory):
        return [one for name in source_names(directory) for one in read_source(directory, name)]
    return read_folder(directory, labels)


def utterances(
    directory: Path,
    splits: str | Sequence[str],
    *,
    languages: Sequence[str] | None = None,
    without_languages: Sequence[str] | None = None,
    licences: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    labels: LabelOptions | None = None,
) -> list[Utterance]:
    """Return the utterances of some splits that a model may learn from.

    Args:
        directory: a corpus directory, or a folder of recordings with labels, which is its user's own.
        splits: ``train``, ``dev``, ``test``, or several of them.
        languages: only these (``pt`` stands for ``pt-br`` too); None for all.
        without_languages: none of these, as to hold a language out.
        licences: names or patterns of licences to learn from; None for those a released model may use.
        sources: names or patterns of source folders; None for all.
        labels: how to read the label files of a folder of recordings; None for its own ``labels.toml``.

    Raises:
        InputError: a file is damaged, or the directory holds no labelled speech.
    """
    if is_corpus_directory(directory):
        names = [name for name in source_names(directory) if may_train(name, directory, licences)]
        heard = [one for name in names if _named(name, sources) for one in read_source(directory, name)]
    else:
        heard = [one for one in everything(directory, labels) if _named(one.source, sources)]
    wanted = (splits,) if isinstance(splits, str) else tuple(splits)
    return [
        utterance
        for utterance in heard
        if utterance.split in wanted
        and (languages is None or _speaks(utterance, languages))
        and not _speaks(utterance, without_languages or ())
    ]


def check_languages(directories: Iterable[Path], asked: Sequence[str]) -> None:
    """Make sure that each language is spoken in one of several corpora; raises InputError naming them all."""
    heard = [utterance for directory in directories for utterance in everything(directory)]
    known = ", ".join(sorted({utterance.language for utterance in heard}))
    for language in asked:
        if not any(_speaks(utterance, [language]) for utterance in heard):
            raise InputError(f"language {language!r}: nobody speaks it in this corpus; there are {known}")
