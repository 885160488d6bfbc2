"""What a comparison found, as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from mandible.benchmarks.compare.verdicts import NOT_COMPARED
from mandible.wording import one_line

_WORDS = ("of", "figure", "verdict")
_MARKS = {"worse": "bold red", "better": "green"}


def comparison_table(comparison: Mapping[str, Any]) -> Table:
    """Return a row for every figure that was held against the baseline: ratio, interval, verdict and why."""
    rows = comparison["rows"]
    told = sum(row["verdict"] != NOT_COMPARED for row in rows)
    holds = f"{'holds' if comparison['holds'] else 'does not hold'}; {told} of {len(rows)} figures compared"
    title = one_line(f"against {comparison['against']}: {holds}")
    made = Table(title=title, box=None, padding=(0, 2, 0, 0), pad_edge=False, title_justify="left")
    for head in ("of", "figure", "baseline", "now", "ratio", "95 %", "limit", "verdict"):
        made.add_column(head, justify="left" if head in _WORDS else "right", overflow="fold")
    for row in rows:
        verdict = row["verdict"] + (f": {row['why']}" if row["why"] else "")
        ends = [row[name] for name in ("low", "high") if row.get(name) is not None]
        between = f"{ends[0]:.3f} to {ends[1]:.3f}" if len(ends) == 2 else ""
        made.add_row(
            one_line(" ".join(map(str, row["subject"].values()))),
            one_line(row["figure"]),
            *(_number(row.get(name)) for name in ("baseline", "now", "ratio")),
            between,
            _number(row.get("limit")),
            one_line(verdict),
            style=_MARKS.get(row["verdict"], ""),
        )
    return made


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}"
