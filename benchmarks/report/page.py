"""One HTML file about one result, with nothing beside it."""

from __future__ import annotations

from html import escape
from pathlib import Path

from mandible.benchmarks.report import (
    comparison,
    distributions,
    endurance,
    everything,
    head,
    plot,
    syllable,
    together,
)
from mandible.benchmarks.report.style import style
from mandible.benchmarks.result import Result
from mandible.models import page

_INTERVALS = (
    "A figure's interval says where another run of the same code on the same machine lands in 95 of 100 "
    "cases (Student's prediction interval over rounds, which are taken in turns; never narrower than the "
    "figure's floor). A second run inside it agrees; one outside it differs, or the machine was busy. "
    "A score's interval comes from hearing other speakers instead. Where no interval stands, the figure is a "
    "count or a size and the same each time."
)
_EMPTY = "Nothing was measured."


def write(path: Path, result: Result) -> None:
    """Write the page, whole or not at all; raises InputError where it cannot."""
    page.write(path, head.title(result), head.lead(result), body(result), style())


def body(result: Result) -> str:
    """Return the page below its title."""
    parts = [
        ("comparison", "Comparison", comparison.section(result)),
        ("costs", "Accuracy and cost", together.section(result)),
        ("latency", "Latency", distributions.section(result)),
        ("syllable", "One syllable", syllable.section(result)),
        ("endurance", "Endurance", endurance.section(result)),
        *everything.sections(result),
        ("missing", "Not measured", head.not_measured(result)),
        ("machine", "Measured on", head.machine(result)),
    ]
    legend = everything.legend(result)
    if legend:
        reading = plot.section("reading", "How to read it", f"<p>{escape(_INTERVALS)}</p>", legend)
        parts.append(("reading", "How to read it", reading))
    else:
        parts.insert(0, ("", "", plot.note(_EMPTY)))
    links = "".join(
        f'<a href="#{escape(anchor)}">{escape(title)}</a>' for anchor, title, made in parts if made and anchor
    )
    summary = head.banner(result) + f"<nav>{links}</nav>"
    return summary + "".join(made for _, _, made in parts)
