"""A parity report as one self-contained HTML page."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from mandible.models import page as shell
from mandible.models.evaluation import charts as shown_charts
from mandible.quantize.parity import charts, table
from mandible.quantize.parity.engine import EXACT


def write(path: Path, document: dict[str, Any]) -> None:
    """Write the page, never half a file."""
    verdict = "Every engine holds." if document["held"] else "Not every engine holds."
    body = [
        f"<p>{verdict} Compared with {escape(document['yardstick'])}; {_limits(document)}</p>",
        shell.table(
            [heading.replace("\n", " ") for heading in table.HEADINGS],
            [table.cells(row) for row in document["engines"]],
        ),
        *(f"<p>{escape(line)}</p>" for line in table.remarks(document)),
        *_facts(document),
        *_layers(document),
        *_confusion(document),
        *_histograms(document),
    ]
    shell.write(path, f"Parity of {document['model']}", table.heading(document), "".join(body))


def _limits(document: dict[str, Any]) -> str:
    limits = document["tolerances"]
    return (
        f"exact engines may differ in {limits['bytes_differing']} bytes, fast ones by {limits['max_lsb']} "
        "steps on speech, where the strongest viseme must agree in "
        f"{limits['argmax_agreement']:.0%} of hops; "
        f"at most {limits['lost_points']:g} points of accuracy may be lost to the float network."
    )


def _facts(document: dict[str, Any]) -> list[str]:
    rows = [
        [row["name"], *(f"{row['facts'].get(key, 0):,.0f}" for key in _FACTS)]
        for row in document["engines"]
        if row["facts"]
    ]
    if not rows:
        return []
    return ["<h2>Simulated cores, the network alone</h2>", shell.table(["core", *_FACTS.values()], rows)]


_FACTS = {
    "most_instructions": "instructions, the longest hop",
    "flash_bytes": "flash, bytes",
    "ram_bytes": "RAM, bytes",
    "stack_bytes": "stack, bytes",
}


def _layers(document: dict[str, Any]) -> list[str]:
    layers = document["layers"]
    if not layers:
        return [f"<p>Layers are not compared: {escape(document['layers_missing'])}.</p>"]
    rows = [(row["name"], row["sqnr_db"]) for row in layers]
    return [
        f"<h2>Error per layer against {escape(str(document['float']))} in float</h2>",
        '<div class="wide">' + charts.layer_bars(rows, "error per layer") + "</div>",
        shell.table(list(_LAYER_COLUMNS), [[row[key] for key in _LAYER_COLUMNS.values()] for row in layers]),
    ]


_LAYER_COLUMNS = {
    "layer": "name",
    "SQNR, dB": "sqnr_db",
    "its own, dB": "own_sqnr_db",
    "cut off": "saturated_share",
    "share of the logits' error": "logits_share",
    "suggestion": "suggestion",
}


def _confusion(document: dict[str, Any]) -> list[str]:
    found = document["confusion"]
    if found is None:
        return []
    if found["rows"] == "label":
        title = f"What {found['columns']} shows for each label, % of frames, {found['recordings']} recordings"
    else:
        title = f"Strongest viseme in float (rows) and in {found['columns']} (columns), % of hops of speech"
    return [
        f"<h2>{escape(title)}</h2>",
        '<div class="wide">' + shown_charts.confusions(found["counts"], title) + "</div>",
    ]


def _histograms(document: dict[str, Any]) -> list[str]:
    parts = []
    for row in document["engines"]:
        found = row["comparison"]
        if found is None or (row["kind"] == EXACT and not found["bytes_differing"]):
            continue
        title = f"{row['name']} against {document['yardstick']}"
        chart = charts.histogram(found["lsb_counts"], found["bytes"], title)
        parts += [f"<h2>{escape(title)}</h2>", f'<div class="wide">{chart}</div>']
    return parts
