"""An evaluation as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mandible.models import page as shell
from mandible.models.evaluation import charts
from mandible.models.evaluation.measure import CLEAN, Heard, Results
from mandible.models.evaluation.table import COLUMNS, FEW, FEWEST_UNITS, MISSING, Column, limits_of, size_of
from mandible.models.evaluation.tracks import DECODED, WAYS
from mandible.models.scoring.jaw import smoothed
from mandible.models.scoring.timeline import Floats
from mandible.models.visemes import VISEME_NAMES

# How much of the example sentence is drawn.
LONGEST_EXAMPLE_FRAMES = 260
LEAD_IN_FRAMES = 10
NOTE = (
    "Each figure stands with its 95 % interval over speakers, or over the recordings of a single one; "
    "fewer than five of these tell no interval. "
    "Accuracy has the model's known delay compensated; late is by how much the mouth lags when it is shown "
    "as soon as it is known."
)
MORE_COLUMNS = (
    Column("six shapes", "shape_accuracy"),
    Column("silence F1", "silence_f1"),
    Column("onset spread ms", "onset_iqr_ms", 0),
    Column("lips meet late ms", "lips_meet_late_ms", 0),
    Column("lips part late ms", "lips_part_late_ms", 0),
)


def write(path: Path, document: dict[str, Any], results: Results) -> None:
    """Write the page of an evaluation, never half a file."""
    models = document["models"]
    names = ", ".join(model["name"] for model in models)
    body = [f"<p>{escape(NOTE)}</p>"]
    for name in models[0]["sets"]:
        body += _of_set(name, document, results)
    shell.write(
        path,
        f"Evaluation of {names}",
        f"Corpus {document['corpus']}, split {document.get('split', 'test')}. Intervals: 95 %, "
        f"{document['draws']} resamples of speakers, seed {document['seed']}.",
        "".join(body),
    )


def _of_set(name: str, document: dict[str, Any], results: Results) -> list[str]:
    models = document["models"]
    about = models[0]["sets"][name]
    rate = about[DECODED]["figures"]["reference_changes_per_s"]
    parts = [
        f"<h2>{escape(name)}</h2><p>{size_of(about)}; the speech itself changes {rate:.1f} times a "
        "second.</p>",
        _figures(name, models),
    ]
    if document["snrs_db"]:
        parts.append("<h3>Accuracy in noise (decoded), %</h3>" + _noise(name, models, document["snrs_db"]))
    if document["by"] is not None:
        parts.append(f"<h3>By {escape(document['by'])} (decoded)</h3>" + _by(name, models, document["by"]))
    for model in models:
        row, units = model["sets"][name][DECODED], model["sets"][name]["units"]
        bars = "bars, with intervals" if units >= FEWEST_UNITS else "bars"
        title = f"{model['name']} on {name}"
        parts.append(
            f"<h3>{escape(title)}: recall ({bars}) and precision (rings)</h3>"
            '<div class="wide">'
            + charts.recalls(_told(row["per_class"], units), f"recall of {title}")
            + "</div>"
            f"<h3>{escape(title)}: what is taken for what, % of the frames of a viseme</h3>"
            '<div class="wide">'
            + charts.confusions(row["sums"]["viseme_confusion"], f"confusions of {title}")
            + "</div>"
        )
    shown = [(model["name"], results[number, name, CLEAN]) for number, model in enumerate(models)]
    return [*parts, _example(shown)]


def _told(per_class: dict[str, Any], units: int) -> dict[str, Any]:
    """Return figures per viseme, without intervals where the units are few."""
    if units >= FEWEST_UNITS:
        return per_class
    return {name: {**row, "recall_interval": None} for name, row in per_class.items()}


def _figures(name: str, models: Sequence[dict[str, Any]]) -> str:
    read = [(model, way) for model in models for way in WAYS]
    cells = [(model["sets"][name], way) for model, way in read]
    rows = [
        [_plain(column), *(_with_limits(entry[way], column, entry["units"]) for entry, way in cells)]
        for column in (*COLUMNS, *MORE_COLUMNS)
    ]
    rows.append(["late ms", *(f"{model['sets'][name]['lateness_ms'][way]:.0f}" for model, way in read)])
    return shell.table(["", *(f"{model['name']}, {way}" for model, way in read)], rows)


def _plain(column: Column) -> str:
    return column.heading.replace("\n", " ")


def _with_limits(row: dict[str, Any], column: Column, units: int) -> str:
    value, limits = row["figures"][column.figure], limits_of(row, column.figure, units)
    if value is None:
        return MISSING
    text = f"{value:.{column.digits}f}"
    if limits is None:
        return text
    low, high = (f"{limit:.{column.digits}f}" for limit in limits)
    return f"{text} ({low} to {high})"


def _noise(name: str, models: Sequence[dict[str, Any]], snrs_db: Sequence[float]) -> str:
    curves = {}
    for model in models:
        entry = model["sets"][name]
        noisy = [
            (f"{snr:g} dB", entry["noise"][f"{snr:g}"][DECODED]) for snr in sorted(snrs_db, reverse=True)
        ]
        curves[model["name"]] = [
            (condition, row["figures"]["accuracy"] or 0.0, limits_of(row, "accuracy", entry["units"]))
            for condition, row in [("clean", entry[DECODED]), *noisy]
        ]
    return charts.noise_curve(curves, f"accuracy on {name} in noise")


def _by(name: str, models: Sequence[dict[str, Any]], heading: str) -> str:
    rows = [
        [
            *(value, model["name"], row["utterances"]),
            *(_with_limits(row[DECODED], column, row["units"]) for column in FEW),
        ]
        for model in models
        for value, row in model["sets"][name]["by"].items()
    ]
    return shell.table([heading, "model", "recordings", *map(_plain, FEW)], rows)


def _example(models: Sequence[tuple[str, Heard]]) -> str:
    first = models[0][1]
    number = typical(first)
    reference, utterance = first.references[number], first.utterances[number]
    begin = max(0, int(reference.silent.argmin()) - LEAD_IN_FRAMES)
    window = slice(begin, min(len(reference), begin + LONGEST_EXAMPLE_FRAMES))
    frames = window.stop - window.start

    def pieces(whole: Sequence[Any], named: Callable[[Any], str]) -> list[charts.Piece]:
        values = whole[window]
        changes = [at for at in range(1, frames) if values[at] != values[at - 1]]
        edges = [0, *changes, frames]
        return [(start, end, named(values[start])) for start, end in pairwise(edges)]

    def of_viseme(viseme: int) -> str:
        return VISEME_NAMES[viseme] if viseme >= 0 else "any"

    rows = [
        ("sounds", pieces(reference.sound.tolist(), "/{}/".format)),
        ("asked for", pieces(reference.viseme.tolist(), of_viseme)),
    ]
    jaws: list[tuple[str, Floats]] = [("speech", smoothed(reference.opening)[window])]
    for name, one in models:
        for way in WAYS:
            track = one.shown[way][number].aligned
            rows.append((f"{name}, {way}", pieces(track.viseme.tolist(), of_viseme)))
        jaws.append((name, smoothed(one.shown[DECODED][number].aligned.opening)[window]))
    return (
        f"<h3>A typical sentence: {escape(utterance.name)}</h3><div class=wide>"
        + charts.ribbon(
            rows,
            [(name, opening.tolist()) for name, opening in jaws],
            "visemes asked for and shown over time",
        )
        + "</div>"
    )


def typical(one: Heard) -> int:
    """Return the number of the recording whose accuracy is the median of its set."""

    def accuracy(number: int) -> float:
        reference, shown = one.references[number], one.shown[DECODED][number].aligned.viseme
        asked = reference.viseme >= 0
        right = reference.accepted[np.arange(len(shown)), shown]
        return float(right[asked].mean()) if asked.any() else 0.0

    ranked = sorted(range(len(one.utterances)), key=accuracy)
    return ranked[len(ranked) // 2]
