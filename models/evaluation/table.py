"""An evaluation on a terminal: one table per set, one for noise, one per column asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from mandible.models.evaluation.tracks import DECODED, WAYS
from mandible.wording import one_line

NOTE = (
    "± is half the 95 % interval over speakers, or over the recordings of a single one; fewer than five "
    "of these tell no interval. Accuracy has the "
    "known delay compensated; late is by how much the mouth lags when shown as soon as it is known. "
    "docs/evaluate.md explains each figure."
)
MISSING = "–"
# Resamples of fewer speakers, or recordings of a single one, are too much alike for an interval.
FEWEST_UNITS = 5


@dataclass(frozen=True)
class Column:
    """One figure of a table: its heading, its name and how many digits it shows."""

    heading: str
    figure: str
    digits: int = 3


COLUMNS = (
    Column("accuracy", "accuracy"),
    Column("F1", "macro_f1"),
    Column("p b m\nfound", "bilabial_recall"),
    Column("closures\nright", "bilabial_precision"),
    Column("jaw", "jaw_correlation"),
    Column("changes\na second", "changes_per_s", 1),
    Column("under\n50 ms", "short_share", 2),
    Column("onset\nms", "onset_late_ms", 0),
)
FEW = COLUMNS[:5]


def size_of(about: dict[str, Any]) -> str:
    """Say how much a set holds, as in ``25 recordings of 25 speakers, 5.7 minutes``."""
    recordings, speakers = about["utterances"], about["speakers"]
    return (
        f"{recordings} recording{'s' * (recordings != 1)} of {speakers} speaker{'s' * (speakers != 1)}, "
        f"{about['seconds'] / 60:.1f} minutes"
    )


def limits_of(row: dict[str, Any], figure: str, units: int) -> tuple[float, float] | None:
    """Return the interval of a figure; None where there is none, or too few units to tell one."""
    limits = row["intervals"].get(figure)
    return None if units < FEWEST_UNITS or limits is None or None in limits else tuple(limits)


def with_interval(row: dict[str, Any], column: Column, units: int) -> str:
    """Return a figure with half its interval, as in ``0.751 ±.018``; alone where the units are few."""
    value, limits = row["figures"][column.figure], limits_of(row, column.figure, units)
    if value is None:
        return MISSING
    text = f"{value:.{column.digits}f}"
    if limits is None:
        return text
    return f"{text} ±{(limits[1] - limits[0]) / 2:.{column.digits}f}".replace("±0.", "±.")


def tables(document: dict[str, Any]) -> Iterator[Table]:
    """Yield the tables of an evaluation."""
    models = document["models"]
    for name in models[0]["sets"]:
        yield _of_set(name, models)
        if document["snrs_db"]:
            yield _of_noise(name, models, document["snrs_db"])
        if document["by"] is not None:
            yield _by_column(name, models, document["by"])


def _text(name: str) -> Text:
    """Return a name that somebody else chose: neither markup nor a terminal's codes."""
    return Text(one_line(name))


def _started(title: str, *left: str) -> Table:
    table = Table(title=_text(title), title_justify="left", header_style="bold", box=None, pad_edge=False)
    for heading in left:
        table.add_column(_text(heading), no_wrap=True)
    return table


def _of_set(name: str, models: list[dict[str, Any]]) -> Table:
    about = models[0]["sets"][name]
    table = _started(f"{name}: {size_of(about)}", "model", "")
    for column in COLUMNS:
        table.add_column(column.heading, justify="right", no_wrap=True)
    table.add_column("late\nms", justify="right")
    for model in models:
        entry = model["sets"][name]
        for way in WAYS:
            cells = [with_interval(entry[way], column, entry["units"]) for column in COLUMNS]
            table.add_row(_text(model["name"]), way, *cells, f"{entry['lateness_ms'][way]:.0f}")
    rate = about[DECODED]["figures"]["reference_changes_per_s"]
    table.add_row("the speech itself", "", *["" for _ in COLUMNS[:5]], f"{rate:.1f}", style="dim")
    return table


def _of_noise(name: str, models: list[dict[str, Any]], snrs_db: list[float]) -> Table:
    table = _started(f"{name}, accuracy in noise", "model", "")
    table.add_column("clean", justify="right")
    for snr_db in snrs_db:
        table.add_column(f"{snr_db:g} dB", justify="right")
    for model in models:
        entry = model["sets"][name]
        for way in WAYS:
            noisy = [entry["noise"][f"{snr_db:g}"][way] for snr_db in snrs_db]
            table.add_row(
                _text(model["name"]),
                way,
                *(with_interval(row, COLUMNS[0], entry["units"]) for row in (entry[way], *noisy)),
            )
    return table


def _by_column(name: str, models: list[dict[str, Any]], column: str) -> Table:
    table = _started(f"{name} by {column} (decoded)", column, "model")
    table.add_column("recordings", justify="right")
    for figure in FEW:
        table.add_column(figure.heading, justify="right", no_wrap=True)
    for value in models[0]["sets"][name]["by"]:
        for model in models:
            row = model["sets"][name]["by"][value]
            cells = (with_interval(row[DECODED], figure, row["units"]) for figure in FEW)
            table.add_row(_text(value), _text(model["name"]), str(row["utterances"]), *cells)
    return table
