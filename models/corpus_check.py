"""``mandible data check``: what a corpus holds, what training may use of it, and what is wrong with it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.models import corpus
from mandible.models.augment.sounds import free, index_rows
from mandible.models.corpus_directory import is_corpus_directory
from mandible.models.labelled_folder import read_folder
from mandible.models.licences import OWN
from mandible.models.phones import parts_of
from mandible.models.recordings import rate_and_length
from mandible.models.utterance import Utterance

# Labels that miss the recording's length by more would drift off the sound.
LENGTH_TOLERANCE_S = 0.05
USUAL_S = (0.3, 60.0)


@dataclass(frozen=True)
class Row:
    """What one source has of one language in one split.

    Attributes:
        phones: ``arpabet``, ``ipa``, or both.
        licence: its name, ``unknown`` where nobody said.
        trains: whether a released model may learn from it.
    """

    source: str
    language: str
    phones: str
    split: str
    hours: float
    utterances: int
    speakers: int
    licence: str
    trains: bool


@dataclass
class Report:
    """What was found.

    Attributes:
        rows: by source, language and split.
        speakers: how many each source has, whatever the split.
        sounds: (usable, present) noise recordings and rooms.
        problems: what makes training fail or learn something wrong, a line each.
        warnings: what a person should know, a line each.
        notes: what is as it should be, yet limits what figures say.
    """

    corpus: str
    rows: list[Row] = field(default_factory=list)
    speakers: dict[str, int] = field(default_factory=dict)
    sounds: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        document = asdict(self)
        document["sounds"] = {
            kind: {"usable": usable, "present": present} for kind, (usable, present) in self.sounds.items()
        }
        return document


def _one_example(lines: Sequence[str], what: str) -> list[str]:
    """Sum up lines of one kind: how many there are, and the first."""
    if not lines:
        return []
    return [lines[0] if len(lines) == 1 else f"{len(lines)} {what}, the first: {lines[0]}"]


def _read(directory: Path, report: Report) -> list[Utterance]:
    """Return all utterances of the sources that can be read."""
    if not is_corpus_directory(directory):
        return read_folder(directory, tell=report.warnings.append)
    read: list[Utterance] = []
    for source in corpus.sources(directory):
        try:
            read += corpus.read_source(directory, source)
        except InputError as error:
            report.problems.append(str(error))
    return read


def _rows(directory: Path, utterances: Sequence[Utterance]) -> Iterator[Row]:
    groups: dict[tuple[str, str, str], list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        groups[utterance.source, utterance.language, utterance.split].append(utterance)
    for (source, language, split), members in sorted(groups.items()):
        licence = members[0].licence.name if members[0].licence else "unknown"
        yield Row(
            source=source,
            language=language,
            phones=" ".join(sorted({member.phoneset for member in members})),
            split=split,
            hours=round(sum(member.seconds for member in members) / 3600, 4),
            utterances=len(members),
            speakers=len({member.speaker for member in members}),
            licence=licence,
            trains=licence == OWN or corpus.may_train(source, directory),
        )


def _recording_problems(utterances: Sequence[Utterance], step: Callable[[], None]) -> list[str]:
    unreadable, drifting = [], []
    for utterance in utterances:
        try:
            _, seconds = rate_and_length(utterance.path)
        except InputError as error:
            unreadable.append(str(error))
        else:
            if abs(seconds - utterance.seconds) > LENGTH_TOLERANCE_S:
                drifting.append(
                    f"{utterance.path}: lasts {seconds:.2f} s, its labels {utterance.seconds:.2f} s"
                )
        step()
    return [
        *_one_example(unreadable, "recordings cannot be read"),
        *_one_example(drifting, "recordings are not as long as their labels"),
    ]


def _label_problems(utterances: Sequence[Utterance]) -> list[str]:
    unknown: dict[tuple[str, str], str] = {}
    seen: set[tuple[str, str]] = set()
    twice = []
    for utterance in utterances:
        where = f"{utterance.source}/{utterance.name}"
        if (utterance.source, utterance.name) in seen:
            twice.append(f"{where} appears twice; give each utterance a name of its own")
        seen.add((utterance.source, utterance.name))
        for phone in set(utterance.phones):
            if (utterance.phoneset, phone) not in unknown:
                try:
                    parts_of(utterance.phoneset, phone, where)
                    unknown[utterance.phoneset, phone] = ""
                except InputError as error:
                    unknown[utterance.phoneset, phone] = str(error)
    return [
        *_one_example([line for line in unknown.values() if line], "phones are unknown"),
        *_one_example(twice, "names appear twice"),
    ]


def _warnings(directory: Path, utterances: Sequence[Utterance], rows: Sequence[Row]) -> Iterator[str]:
    for source in sorted({row.source for row in rows if row.licence == "unknown"}):
        yield f"{source}: no licence is known, training leaves it out; name it in {directory}/licences.toml"
    splits: dict[tuple[str, str], set[str]] = defaultdict(set)
    for utterance in utterances:
        splits[utterance.source, utterance.speaker].add(utterance.split)
    voices = Counter(source for source, _ in splits)
    alone, own = [], {row.source for row in rows if row.licence == OWN}
    shared = Counter(source for (source, _), found in splits.items() if len(found) > 1)
    for source, count in sorted(shared.items()):
        if voices[source] == 1 and source in own:
            continue  # A puppet has one voice; _notes says what that means.
        if voices[source] == 1:
            alone.append(source)
        else:
            yield f"{source}: {count} of {voices[source]} speakers in more than one split; scores flatter"
    if alone:
        yield f"one speaker in all splits, so that scores say nothing of strangers: {', '.join(alone)}"
    words = "fill the column text" if is_corpus_directory(directory) else "add a `words` tier"
    mute = [one for one in utterances if one.phoneset == "arpabet" and "AH" in one.phones and not one.text]
    for source in sorted({utterance.source for utterance in mute}):
        count = sum(utterance.source == source for utterance in mute)
        yield (
            f"{source}: {count} utterances have no text, so AH cannot be told from schwa;"
            f" write AH0/AH1 or ax, or {words}"
        )
    shortest_s, longest_s = USUAL_S
    odd = [one for one in utterances if not shortest_s <= one.seconds <= longest_s]
    for source in sorted({utterance.source for utterance in odd}):
        count = sum(utterance.source == source for utterance in odd)
        yield f"{source}: {count} utterances are shorter than {shortest_s} s or longer than {longest_s:.0f} s"


def _notes(utterances: Sequence[Utterance], rows: Sequence[Row]) -> Iterator[str]:
    for source in sorted({row.source for row in rows if row.licence == OWN}):
        members = [one for one in utterances if one.source == source]
        if len(members) > 1 and len({one.speaker for one in members}) == 1:
            yield "one voice; figures on it say nothing of strangers"


def _sounds(directory: Path, report: Report) -> None:
    """Count noise recordings and rooms, and those that may shape a released model."""
    rooms = len(list((directory / "rir").glob("sim_*")))
    for kind, index, more in (
        ("noise recordings", directory / "noise" / "index.csv", 0),
        ("rooms", directory / "rir" / "index_real.csv", rooms),
    ):
        try:
            licences = [row["licence"] for row in index_rows(index)]
        except InputError as error:
            report.problems.append(str(error))
            continue
        report.sounds[kind] = (sum(map(free, licences)) + more, len(licences) + more)
        if not report.sounds[kind][0]:
            report.warnings.append(f"{directory}: no free {kind}; training makes do with invented ones")


def check(
    directory: Path,
    begin: Callable[[int], None] = lambda total: None,
    step: Callable[[], None] = lambda: None,
) -> Report:
    """Look through a corpus directory or a folder of recordings.

    Args:
        directory: the corpus.
        begin: called with the number of recordings before they are opened.
        step: called after each of them.

    Raises:
        InputError: there is no labelled speech at all.
        DeviceError: a recording is no WAV file and ``soundfile`` is not installed.
    """
    report = Report(str(directory))
    utterances = _read(directory, report)
    report.rows += _rows(directory, utterances)
    voices = {(utterance.source, utterance.speaker) for utterance in utterances}
    report.speakers |= Counter(source for source, _ in sorted(voices))
    begin(len(utterances))
    report.problems += _recording_problems(utterances, step) + _label_problems(utterances)
    report.warnings += _warnings(directory, utterances, report.rows)
    report.notes += _notes(utterances, report.rows)
    usable = {row.split for row in report.rows if row.trains}
    enough = "" if is_corpus_directory(directory) else "; at least two recordings are needed"
    for split in ("train", "dev"):
        if split not in usable:
            report.problems.append(
                f"{directory}: nothing to {_PURPOSE[split]}; no {split} split may be used{enough}"
            )
    _sounds(directory, report)
    return report


_PURPOSE = {"train": "learn from", "dev": "choose the best epoch with"}
