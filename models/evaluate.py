"""Measuring models on speakers they never heard: what ``mandible eval`` and the model cards rest on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mandible.models import corpus
from mandible.models.corpus import Utterance
from mandible.models.corpus_directory import is_corpus_directory
from mandible.models.evaluation import measure, record, sets, subjects
from mandible.models.evaluation.measure import CLEAN, Plan, Progress, Results, quiet
from mandible.models.evaluation.subjects import Network, Subject, streaming
from mandible.models.evaluation.tracks import ARGMAX, DECODED

__all__ = ["Network", "card_metrics", "card_sets", "evaluate", "members", "streaming"]

# Name of a set on a card -> (source folders, split): speakers that training never hears.
SETS = {
    "librispeech_test": ("en_librispeech", "test"),
    "speechocean762_test": ("en_speechocean762", "test"),
    "emodb": ("de_emodb", "test"),
    "flite_voices": ("en_flite-*", "train"),
}
DEV = "dev"
NOISY_SETS = ("librispeech_test",)
CARD_SNRS_DB = (20.0, 10.0, 5.0)
# What a card says of a set, of all the figures there are.
CARD_FIGURES = (
    "accuracy", "macro_f1", "accuracy_strict", "accuracy_forgiving", "shape_accuracy", "shape_macro_f1",
    "bilabial_recall", "bilabial_precision", "closed_recall", "jaw_correlation", "silence_f1",
    "best_shift_ms", "onset_late_ms", "onset_iqr_ms", "onsets_matched", "lips_meet_late_ms",
    "lips_meet_iqr_ms", "lips_part_late_ms", "lips_part_iqr_ms", "changes_per_s",
    "reference_changes_per_s", "short_share",
)  # fmt: skip


def members(directory: Path, name: str) -> list[Utterance]:
    """Return the utterances of a card's set, empty where the corpus does not hold its sources."""
    pattern, split = SETS[name]
    if not is_corpus_directory(directory):
        return []
    return [
        utterance
        for source in corpus.sources(directory)
        if fnmatch(source, pattern)
        for utterance in corpus.read_source(directory, source)
        if utterance.split == split
    ]


def card_sets(directory: Path) -> sets.Sets:
    """Return the sets of a card that a corpus holds; its recordings of split ``dev`` where it has none.

    Whoever trains on a voice of their own has nothing else to go by.
    """
    found = {name: members(directory, name) for name in SETS}
    if not any(found.values()):
        found = {DEV: [one for one in corpus.everything(directory) if one.split == DEV]}
    return {name: utterances for name, utterances in found.items() if utterances}


def card_metrics(
    model: str | Path | Network,
    directory: Path,
    lookahead_ms: int | None = None,
    engine: str | None = None,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Return what a card says of a model: figures, intervals, recall per viseme, and how noise harms it.

    Args:
        model: a released name, a ``.tflite`` file, or a network that gives float logits.
        directory: a corpus; sets that it does not hold are left out. See ``card_sets``.
        lookahead_ms: the model's; None where a card beside the file, or its name, tells.
        engine: which engine runs a file.
        progress: called with the number of recordings heard.

    Returns:
        Set -> {"utterances", "speakers", "seconds", "lateness_ms", "argmax", "decoded"[, "noise"]}; the two
        ways to read a network are {"figures", "intervals", "recall"}, noise is dB -> the same two.

    Raises:
        InputError: the model, the corpus or one of its recordings is at fault.
    """
    subject = _subject(model, lookahead_ms, engine)
    card: dict[str, Any] = {}
    for name, utterances in card_sets(directory).items():
        plan = Plan(CARD_SNRS_DB if name in NOISY_SETS and _has_noise(directory) else ())
        results = measure.hear([subject], directory, {name: utterances}, plan, progress)
        card[name] = _for_card(name, results, plan)
    return card


def _subject(model: str | Path | Network, lookahead_ms: int | None, engine: str | None) -> Subject:
    if callable(model):
        assert lookahead_ms is not None, "a bare network does not tell its lookahead"
        return subjects.of_network(model, lookahead_ms)
    if lookahead_ms is not None:
        return subjects.of_file(Path(model), lookahead_ms, engine)
    return subjects.named(model, engine)


def _has_noise(directory: Path) -> bool:
    return (directory / "noise" / "index.csv").exists()


def _for_card(name: str, results: Results, plan: Plan) -> dict[str, Any]:
    def brief(full: dict[str, Any]) -> dict[str, Any]:
        shorter = {
            way: {
                "figures": {figure: full[way]["figures"][figure] for figure in CARD_FIGURES},
                "intervals": {
                    figure: full[way]["intervals"][figure]
                    for figure in CARD_FIGURES
                    if figure in full[way]["intervals"]
                },
                "recall": {viseme: row["recall"] for viseme, row in full[way]["per_class"].items()},
            }
            for way in (ARGMAX, DECODED)
        }
        about = ("utterances", "speakers", "seconds", "lateness_ms")
        return {**{key: full[key] for key in about}, **shorter}

    entry = brief(record.heard(results[0, name, CLEAN], plan))
    if plan.snrs_db:
        noisy = {snr_db: record.heard(results[0, name, snr_db], plan) for snr_db in plan.snrs_db}
        entry["noise"] = {
            f"{snr_db:g}": {way: brief(full)[way] for way in (ARGMAX, DECODED)}
            for snr_db, full in noisy.items()
        }
    return entry


def evaluate(network: Network, utterances: Iterable[Utterance], lookahead_ms: int) -> dict[str, float]:
    """Return the figures of a network's largest logit on some utterances, without intervals."""
    plan = Plan(draws=0)
    some = {"some": list(utterances)}
    results = measure.hear([subjects.of_network(network, lookahead_ms)], Path(), some, plan)
    return results[0, "some", CLEAN].score(ARGMAX, plan).figures


def evaluation(
    models: Sequence[Subject],
    directory: Path,
    chosen: sets.Sets,
    plan: Plan,
    column: str | None = None,
    progress: Progress = quiet,
) -> tuple[dict[str, Any], Results]:
    """Measure models on sets; returns everything as plain data, and what was heard.

    Raises:
        InputError: a column, a recording, a phone or the noise folder is at fault.
        DeviceError: the package that reads a recording is not installed.
    """
    columns = None if column is None else sets.column(directory, chosen, column)
    results = measure.hear(models, directory, chosen, plan, progress)
    document = record.document(models, chosen, results, plan, columns)
    return {**document, "corpus": directory.name, "by": column}, results
