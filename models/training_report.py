"""The picture of one training: how loss and accuracy went, from what data, with which settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mandible.models import page


def write(path: Path, record: dict[str, Any]) -> None:
    """Write the report of a training record, one self-contained HTML file."""
    history, settings = record["history"], record["settings"]
    best = max(history, key=lambda row: row["dev_accuracy"])
    seconds = sum(row["seconds"] for row in history)
    hours = sum(source["hours"] for source in record["data"]["train"])
    charts = page.line_chart("loss", [row["loss"] for row in history], "second") + page.line_chart(
        "accuracy on dev speakers", [row["dev_accuracy"] for row in history]
    )
    sources = [
        [source["source"], source["hours"], source["speakers"], source["utterances"], source["licence"]]
        for source in record["data"]["train"]
    ]
    page.write(
        path,
        f"Training of {settings['size']}, {settings['lookahead_ms']} ms lookahead",
        f"{hours:.1f} hours of speech, {len(history)} epochs in {seconds / 60:.0f} minutes; best epoch "
        f"{best['epoch']:.0f} with {best['dev_accuracy']:.4f} on dev speakers.",
        f"<h2>Course</h2>{charts}"
        + "<h2>Data</h2>"
        + page.table(["source", "hours", "speakers", "utterances", "licence"], sources)
        + "<h2>Settings</h2>"
        + page.table(["setting", "value"], list(settings.items()))
        + "<h2>Epochs</h2>"
        + page.table(["epoch", "loss", "dev accuracy", "seconds"], [list(row.values()) for row in history]),
    )
